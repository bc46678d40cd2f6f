package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.generation.GenerationValidator;
import io.github.gpt2server.api.openai.generation.OutputLength;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.List;

/** Turns a {@link ChatRequest} into a {@link ChatSpec}, or refuses it. */
final class ChatValidator {
  private static final String ASSISTANT = "assistant";
  private static final String TOP_LOGPROBS = "top_logprobs";

  private final ServedModel model;
  private final ApiLimits limits;
  private final GenerationValidator shared;

  ChatValidator(ServedModel model, ApiLimits limits, ModelConstraints constraints) {
    this.model = model;
    this.limits = limits;
    this.shared = new GenerationValidator(model, limits, constraints);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  ChatSpec validate(ChatRequest request) {
    ModelCheck.check(request.model(), model);
    int n = Bounds.integer("n", request.n(), 1, 1, limits.maxSequences());
    Logprobs logprobs = logprobs(request);
    OutputLength length = length(request);
    boolean addGenerationPrompt = addGenerationPrompt(request);
    Conversation conversation = Conversation.of(request.messages());
    String prompt = new ChatPrompt(model.chat()).render(request, conversation, addGenerationPrompt);
    GenerationSpec generation =
        shared.validate(
            request,
            new GenerationValidator.Parts(
                "chatcmpl-",
                "messages",
                new Prompt.Text(prompt),
                isTrue(request.addSpecialTokens()),
                n,
                n,
                false,
                TOP_LOGPROBS,
                logprobs,
                length,
                request.chatTemplate() == null ? model.chat().stopStrings() : List.of()));
    String role = addGenerationPrompt ? ASSISTANT : conversation.lastRole();
    boolean echo = isTrue(request.echo()) && role.equals(conversation.lastRole());
    return new ChatSpec(generation, role, echo ? conversation.lastContent() : "");
  }

  private Logprobs logprobs(ChatRequest request) {
    boolean wanted = isTrue(request.logprobs());
    Integer top = request.topLogprobs();
    if (top != null && top > 0 && !wanted) {
      throw ApiException.invalid(
          TOP_LOGPROBS,
          "top_logprobs requires logprobs: true; set logprobs, or remove top_logprobs.");
    }
    Integer absent = wanted ? 0 : null;
    return shared.logprobs(
        TOP_LOGPROBS, top == null || !wanted ? absent : top, request.report().logprobTokenIds());
  }

  private OutputLength length(ChatRequest request) {
    Integer older = request.maxTokens();
    Integer newer = request.maxCompletionTokens();
    if (older != null && newer != null && !older.equals(newer)) {
      throw ApiException.invalid(
          "max_completion_tokens",
          "max_completion_tokens is %d, but max_tokens, which means the same, is %d; remove one."
              .formatted(newer, older));
    }
    return OutputLength.ofChat(
        newer == null ? "max_tokens" : "max_completion_tokens",
        newer == null ? older : newer,
        limits.maxTokens(),
        model.contextLength());
  }

  private static boolean addGenerationPrompt(ChatRequest request) {
    boolean continues = isTrue(request.continueFinalMessage());
    if (continues && isTrue(request.addGenerationPrompt())) {
      throw ApiException.invalid(
          "add_generation_prompt",
          "add_generation_prompt begins a new answer, and continue_final_message continues the last"
              + " message; remove one of them.");
    }
    return request.addGenerationPrompt() == null ? !continues : request.addGenerationPrompt();
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
