package io.github.gpt2server.api.openai.embedding;

import io.github.gpt2server.api.encoding.LittleEndian;
import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.json.ComputedList;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** Computes embeddings on the engine and builds their response. */
final class EmbeddingHandler {
  private final ServedModel model;
  private final Duration timeout;

  EmbeddingHandler(ServedModel model, Duration timeout) {
    this.model = model;
    this.timeout = timeout;
  }

  /** Computes the vectors of all inputs. */
  EmbeddingResponse embed(EmbeddingSpec spec) {
    String id = RandomId.of("embd-");
    try (RunningTask<List<float[][]>> running =
        RunningTask.submit(model.engine()::submit, spec.vectors().task(id, timeout))) {
      return response(spec, running.await());
    }
  }

  /**
   * The response.
   *
   * @param vectors the vectors of each input, {@code [1 or tokens, width]}
   */
  EmbeddingResponse response(EmbeddingSpec spec, List<float[][]> vectors) {
    return new EmbeddingResponse(
        "list",
        ComputedList.of(
            vectors.size(),
            i -> new EmbeddingResponse.Embedding("embedding", i, formatted(spec, vectors.get(i)))),
        model.id(),
        new EmbeddingResponse.Usage(spec.tokens(), spec.tokens()));
  }

  private static Object formatted(EmbeddingSpec spec, float[][] vectors) {
    if (spec.base64()) {
      return spec.everyToken()
          ? ComputedList.of(vectors.length, i -> encoded(vectors[i]))
          : encoded(vectors[0]);
    }
    return spec.everyToken() ? vectors : vectors[0];
  }

  /** A vector as OpenAI encodes it: the base64 of little-endian float32 numbers. */
  private static String encoded(float[] vector) {
    return Base64.getEncoder().encodeToString(LittleEndian.bytes(vector));
  }
}
