package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.Pooling;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Embedding of texts as vectors.
 *
 * @param texts token ids of each text, from one to the context length
 * @param blocks number of transformer blocks that the texts pass
 * @param finalNorm whether to apply the last layer norm
 * @param pooling one of {@link #POOLINGS}
 * @param normalize whether to scale vectors to Euclidean length 1
 */
public record TextVectors(
    List<int[]> texts, int blocks, boolean finalNorm, String pooling, boolean normalize) {

  /**
   * Names of the ways from the vectors of a text's tokens to the text's: their mean, the last, or
   * all of them.
   */
  public static final List<String> POOLINGS =
      Arrays.stream(Pooling.values())
          .map(pooling -> pooling.name().toLowerCase(Locale.ROOT))
          .toList();

  /**
   * The request for the engine.
   *
   * @param id the request's name in logs
   * @param timeout longest time from submission to the end
   * @return a task that computes each text's vectors, {@code [1 or tokens, width]}
   */
  public TaskRequest<List<float[][]>> task(String id, Duration timeout) {
    EmbeddingPlan plan =
        new EmbeddingPlan(
            texts, blocks, finalNorm, Pooling.valueOf(pooling.toUpperCase(Locale.ROOT)), normalize);
    return new TaskRequest<>(id, texts, model -> model.embed(plan), timeout);
  }
}
