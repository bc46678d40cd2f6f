package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.LogprobsCheck;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.json.JsonKind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Turns a {@link ScoreRequest} into a {@link ScoreSpec}, or refuses it. */
final class ScoreValidator {
  private final ServedModel model;
  private final ApiLimits limits;
  private final PromptReader reader;

  ScoreValidator(ServedModel model, ApiLimits limits) {
    this.model = model;
    this.limits = limits;
    this.reader = new PromptReader(model);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  ScoreSpec validate(ScoreRequest request) {
    ModelCheck.check(request.model(), model);
    return request.continuations() == null ? texts(request) : continuations(request);
  }

  private ScoreSpec.Texts texts(ScoreRequest request) {
    JsonNode text = request.text();
    if (text == null) {
      throw ApiException.invalid(
          "text", "text is missing; send text, or prompt with continuations.");
    }
    if (request.prompt() != null) {
      throw ApiException.invalid(
          "prompt",
          "prompt cannot be combined with text; to score a text after a prompt, send the text in"
              + " continuations.");
    }
    int contextLength = model.contextLength();
    int stride =
        Bounds.integer("stride", request.stride(), contextLength / 2, 1, contextLength - 1);
    int topLogprobs =
        Bounds.integer(
            "top_logprobs", request.topLogprobs(), 0, 0, limits.maxLogprobs(model.vocabSize()));
    return new ScoreSpec.Texts(
        texts(text, isTrue(request.addBos()), topLogprobs),
        text.isArray(),
        stride,
        topLogprobs,
        EncodingFormat.of(request.encodingFormat()),
        request.cacheSalt(),
        isTrue(request.stream()));
  }

  private List<ScoreSpec.Text> texts(JsonNode text, boolean addBos, int topLogprobs) {
    List<JsonNode> nodes = text.isArray() ? List.copyOf(text.values()) : List.of(text);
    if (nodes.isEmpty()) {
      throw ApiException.invalid("text", "text is empty; send at least one text.");
    }
    int[] context = addBos ? new int[] {reader.beginning("add_bos")} : new int[0];
    List<ScoreSpec.Text> texts = new ArrayList<>();
    long total = 0;
    for (int i = 0; i < nodes.size(); i++) {
      String field = text.isArray() ? "text[" + i + "]" : "text";
      if (!nodes.get(i).isString()) {
        throw ApiException.invalid(
            "text",
            (text.isArray()
                    ? "%s must be a string, but is %s."
                    : "%s must be a string or an array of strings, but is %s.")
                .formatted(field, JsonKind.of(nodes.get(i))));
      }
      String value = nodes.get(i).stringValue();
      TokenizedText tokens = reader.tokenize(field, value, false);
      total += tokens.ids().length;
      LogprobsCheck.check(
          "top_logprobs", topLogprobs, model.vocabSize(), total, "send less text at once");
      texts.add(
          new ScoreSpec.Text(
              value,
              IntStream.concat(IntStream.of(context), IntStream.of(tokens.ids())).toArray(),
              context.length,
              tokens.offsets()));
    }
    return texts;
  }

  private ScoreSpec.Continuations continuations(ScoreRequest request) {
    if (request.text() != null) {
      throw ApiException.invalid(
          "text", "text and continuations exclude each other; remove one of them.");
    }
    if (isTrue(request.stream())) {
      throw ApiException.invalid("stream", "continuations cannot be streamed; remove stream.");
    }
    refuseWithContinuations("stride", request.stride() != null);
    refuseWithContinuations(
        "top_logprobs", request.topLogprobs() != null && request.topLogprobs() != 0);
    refuseWithContinuations("add_bos", isTrue(request.addBos()));
    refuseWithContinuations(
        "encoding_format", EncodingFormat.of(request.encodingFormat()) == EncodingFormat.BASE64);
    List<String> texts = request.continuations();
    if (texts.isEmpty()) {
      throw ApiException.invalid(
          "continuations",
          "continuations is empty; send 1 to %d texts.".formatted(limits.maxSequences()));
    }
    String prompt = request.prompt() == null ? "" : request.prompt();
    int[] promptTokens = reader.prompt("prompt", prompt, true).ids();
    List<Continuation> continuations = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      continuations.add(continuation("continuations[" + i + "]", promptTokens, texts.get(i)));
    }
    List<SequenceRequest> sequences =
        continuations.stream().map(each -> each.request(1, request.cacheSalt())).toList();
    return new ScoreSpec.Continuations(
        texts,
        continuations,
        new Generation(RandomId.of("rank-"), sequences, limits.requestTimeout(), false));
  }

  private static void refuseWithContinuations(String field, boolean requested) {
    if (requested) {
      throw ApiException.invalid(
          field,
          "%s applies to text only and cannot be combined with continuations; remove %s."
              .formatted(field, field));
    }
  }

  private Continuation continuation(String field, int[] prompt, String text) {
    if (text.isEmpty()) {
      throw ApiException.invalid(
          "continuations", field + " is empty; remove it, or send at least one character.");
    }
    Continuation continuation = new Continuation(prompt, reader.encode(field, text));
    if (continuation.length() > model.contextLength()) {
      throw ApiException.invalid(
          "continuations",
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          ("This model's context holds %d tokens, but the prompt has %d and %s has %d, %d in total;"
                  + " shorten one of them.")
              .formatted(
                  model.contextLength(),
                  prompt.length,
                  field,
                  continuation.tokens().length,
                  continuation.length()));
    }
    return continuation;
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
