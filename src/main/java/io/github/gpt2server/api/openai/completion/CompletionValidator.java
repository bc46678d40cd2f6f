package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.openai.generation.GenerationSpec;
import io.github.gpt2server.api.openai.generation.GenerationValidator;
import io.github.gpt2server.api.openai.generation.OutputLength;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.List;

/** Turns a {@link CompletionRequest} into a {@link GenerationSpec}, or refuses it. */
final class CompletionValidator {
  private final ServedModel model;
  private final ApiLimits limits;
  private final GenerationValidator shared;

  CompletionValidator(ServedModel model, ApiLimits limits, ModelConstraints constraints) {
    this.model = model;
    this.limits = limits;
    this.shared = new GenerationValidator(model, limits, constraints);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  GenerationSpec validate(CompletionRequest request) {
    boolean echo = isTrue(request.echo());
    boolean addSpecialTokens = request.addSpecialTokens() == null || request.addSpecialTokens();

    ModelCheck.check(request.model(), model);
    int n = Bounds.integer("n", request.n(), 1, 1, limits.maxSequences());
    refuseSuffix(request.suffix());
    int candidates = candidates(request.bestOf(), n, isTrue(request.report().stream()));
    Logprobs logprobs =
        shared.logprobs("logprobs", request.logprobs(), request.report().logprobTokenIds());
    OutputLength length =
        OutputLength.of(request.maxTokens(), echo, limits.maxTokens(), model.contextLength());
    return shared.validate(
        request,
        new GenerationValidator.Parts(
            "cmpl-",
            "prompt",
            request.prompt(),
            addSpecialTokens,
            n,
            candidates,
            echo,
            "logprobs",
            logprobs,
            length,
            List.of()));
  }

  private static void refuseSuffix(String suffix) {
    if (suffix != null && !suffix.isEmpty()) {
      throw ApiException.invalid(
          "suffix",
          "suffix is not supported: GPT-2 cannot insert text before a suffix. Remove suffix.");
    }
  }

  /** The number of sequences generated for each prompt, of which the n likeliest are returned. */
  private int candidates(Integer requested, int n, boolean stream) {
    int bestOf = Bounds.integer("best_of", requested, n, 1, limits.maxSequences());
    if (bestOf < n) {
      throw ApiException.invalid(
          "best_of", "best_of must be at least n, which is " + n + ", but is " + bestOf + ".");
    }
    if (stream && bestOf > n) {
      throw ApiException.invalid(
          "best_of",
          ("best_of = %d cannot be streamed with n = %d: the best choices are known only at the end."
                  + " Remove best_of or stream.")
              .formatted(bestOf, n));
    }
    return bestOf;
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
