package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.analysis.TextVectors;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.json.ComputedList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/** A valid embedding request. */
final class EmbeddingQuestion {

  /** Numbers in an answer: every one takes about ten bytes of JSON. */
  private static final int MAX_VALUES = 5_000_000;

  private static final String FLOAT = "float";
  private static final String BASE64 = "base64";

  private final ServedModel model;
  private final List<int[]> inputs;
  private final boolean base64;
  private final boolean everyToken;
  private final TaskRequest<List<float[][]>> task;

  private EmbeddingQuestion(EmbeddingRequest request, ServedModel model, ApiLimits limits) {
    ModelCheck.check(request.model(), model);
    this.model = model;
    base64 =
        choice("encoding_format", request.encodingFormat(), List.of(FLOAT, BASE64)).equals(BASE64);
    requireWidth(request.dimensions());
    String pooling = choice("pooling", request.pooling(), TextVectors.POOLINGS);
    everyToken = pooling.equals("none");
    int blocks = Bounds.integer("layer", request.layer(), model.layers(), 0, model.layers());
    inputs = inputs(request.input());
    requireModestAnswer();
    boolean normalize = request.normalize() == null || request.normalize();
    task =
        new TextVectors(inputs, blocks, request.layer() == null, pooling, normalize)
            .task(RandomId.of("embd-"), limits.requestTimeout());
  }

  /**
   * Checks a request.
   *
   * @throws ApiException 400 or 404, if it cannot be answered
   */
  static EmbeddingQuestion of(EmbeddingRequest request, ServedModel model, ApiLimits limits) {
    return new EmbeddingQuestion(request, model, limits);
  }

  /** What the engine is asked. */
  TaskRequest<List<float[][]>> task() {
    return task;
  }

  /** The answer, from each input's vectors. */
  EmbeddingResponse response(List<float[][]> vectors) {
    int tokens = tokens();
    return new EmbeddingResponse(
        "list",
        ComputedList.of(
            vectors.size(),
            i -> new EmbeddingResponse.Embedding("embedding", i, written(vectors.get(i)))),
        model.id(),
        new EmbeddingResponse.Usage(tokens, tokens));
  }

  private Object written(float[][] vectors) {
    if (base64) {
      return everyToken
          ? ComputedList.of(vectors.length, i -> encoded(vectors[i]))
          : encoded(vectors[0]);
    }
    return everyToken ? vectors : vectors[0];
  }

  /** The numbers as OpenAI writes them: float32, the least significant byte first. */
  private static String encoded(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  private int tokens() {
    return inputs.stream().mapToInt(input -> input.length).sum();
  }

  /** One of a few words; the first if absent. */
  private static String choice(String field, String value, List<String> allowed) {
    if (value == null) {
      return allowed.get(0);
    }
    if (!allowed.contains(value)) {
      throw ApiException.invalid(
          field,
          "%s must be one of %s, but is \"%s\"."
              .formatted(field, String.join(", ", allowed), Excerpt.of(value)));
    }
    return value;
  }

  private void requireWidth(Integer dimensions) {
    if (dimensions != null && dimensions != model.width()) {
      throw ApiException.invalid(
          "dimensions",
          ("dimensions is %d, but this model's vectors have %d numbers and cannot be shortened;"
                  + " leave dimensions out.")
              .formatted(dimensions, model.width()));
    }
  }

  private List<int[]> inputs(Prompt input) {
    if (input == null) {
      throw ApiException.invalid(
          "input", "input must be given: a text, or an array of texts or of token ids.");
    }
    if (input instanceof Prompt.Tokens tokens && tokens.value().length == 0) {
      throw ApiException.invalid("input", "input must hold at least one text, but is empty.");
    }
    List<int[]> read = new PromptReader(model).prompts("input", input);
    for (int i = 0; i < read.size(); i++) {
      if (read.get(i).length > model.contextLength()) {
        throw ApiException.invalid(
            "input",
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            "This model's context holds %d tokens, but %s has %d; shorten it or cut it in parts."
                .formatted(
                    model.contextLength(),
                    input.several() ? "input[" + i + "]" : "input",
                    read.get(i).length));
      }
    }
    return read;
  }

  private void requireModestAnswer() {
    long vectors = everyToken ? tokens() : inputs.size();
    if (vectors * model.width() > MAX_VALUES) {
      throw ApiException.invalid(
          "input",
          ("The answer would have %d vectors of %d numbers, %d in all, but may have %d; send"
                  + " fewer inputs at once%s.")
              .formatted(
                  vectors,
                  model.width(),
                  vectors * model.width(),
                  MAX_VALUES,
                  everyToken ? ", or use pooling mean or last" : ""));
    }
    RequestMemory.current().add(MemoryUse.ANSWERS, vectors * model.width() * Float.BYTES);
  }
}
