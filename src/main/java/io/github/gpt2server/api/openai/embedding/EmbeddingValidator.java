package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.analysis.TextVectors;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import java.util.List;

/** Turns an {@link EmbeddingRequest} into an {@link EmbeddingSpec}, or refuses it. */
final class EmbeddingValidator {

  /** Maximum number of vector components in a response; each takes about ten bytes of JSON. */
  static final int MAX_VALUES = 5_000_000;

  private final ServedModel model;

  EmbeddingValidator(ServedModel model) {
    this.model = model;
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  EmbeddingSpec validate(EmbeddingRequest request) {
    ModelCheck.check(request.model(), model);
    EncodingFormat format = EncodingFormat.of(request.encodingFormat());
    requireWidth(request.dimensions());
    String pooling = pooling(request.pooling());
    int layer = Bounds.integer("layer", request.layer(), model.layers(), 0, model.layers());
    boolean finalNorm = request.layer() == null;
    boolean normalize = request.normalize() == null || request.normalize();
    List<int[]> inputs = inputs(request.input());

    EmbeddingSpec spec =
        new EmbeddingSpec(
            new TextVectors(inputs, layer, finalNorm, pooling, normalize),
            format == EncodingFormat.BASE64);
    requireFewValues(spec);
    return spec;
  }

  /** One of the ways to make one vector of several; the first if absent. */
  private static String pooling(String value) {
    List<String> allowed = TextVectors.POOLINGS;
    if (value == null) {
      return allowed.get(0);
    }
    if (!allowed.contains(value)) {
      throw ApiException.invalid(
          "pooling",
          "pooling must be one of %s, but is \"%s\"."
              .formatted(String.join(", ", allowed), Excerpt.of(value)));
    }
    return value;
  }

  private void requireWidth(Integer dimensions) {
    if (dimensions != null && dimensions != model.width()) {
      throw ApiException.invalid(
          "dimensions",
          ("dimensions is %d, but this model's vectors have %d dimensions and cannot be shortened;"
                  + " remove dimensions.")
              .formatted(dimensions, model.width()));
    }
  }

  private List<int[]> inputs(Prompt input) {
    if (input == null) {
      throw ApiException.invalid(
          "input", "input is missing; send a text, or an array of texts or token ids.");
    }
    if (input instanceof Prompt.Tokens tokens && tokens.value().length == 0) {
      throw ApiException.invalid("input", "input is empty; send at least one text.");
    }
    List<int[]> inputs = new PromptReader(model).prompts("input", input);
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).length > model.contextLength()) {
        throw ApiException.invalid(
            "input",
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            "This model's context holds %d tokens, but %s has %d; shorten or split it."
                .formatted(
                    model.contextLength(),
                    input.several() ? "input[" + i + "]" : "input",
                    inputs.get(i).length));
      }
    }
    return inputs;
  }

  private void requireFewValues(EmbeddingSpec spec) {
    long values = (long) spec.count() * model.width();
    if (values > MAX_VALUES) {
      throw ApiException.invalid(
          "input",
          ("The response would contain %d vectors of %d numbers, %d in total, but the limit is %d;"
                  + " send fewer inputs per request%s.")
              .formatted(
                  spec.count(),
                  model.width(),
                  values,
                  MAX_VALUES,
                  spec.everyToken() ? ", or set pooling to mean or last" : ""));
    }
    RequestMemory.current().add(MemoryUse.ANSWERS, values * Float.BYTES);
  }
}
