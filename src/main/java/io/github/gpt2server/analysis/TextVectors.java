package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.Pooling;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The question for texts as vectors.
 *
 * @param texts the token ids of each text, at least one and at most a context's length
 * @param blocks how many blocks the texts pass
 * @param finalNorm whether the last layer norm follows
 * @param pooling one of {@link #POOLINGS}
 * @param normalize whether vectors are scaled to Euclidean length 1
 */
public record TextVectors(
    List<int[]> texts, int blocks, boolean finalNorm, String pooling, boolean normalize) {

  /**
   * How the vectors of a text's tokens become the text's: their mean, the last of them, or all as
   * they are.
   */
  public static final List<String> POOLINGS =
      Arrays.stream(Pooling.values())
          .map(pooling -> pooling.name().toLowerCase(Locale.ROOT))
          .toList();

  /**
   * What the engine is asked.
   *
   * @param id names the request in logs
   * @param timeout counted from submission
   * @return a task that finds each text's vectors, {@code [1 or tokens, width]}
   */
  public TaskRequest<List<float[][]>> task(String id, Duration timeout) {
    EmbeddingPlan plan =
        new EmbeddingPlan(
            texts, blocks, finalNorm, Pooling.valueOf(pooling.toUpperCase(Locale.ROOT)), normalize);
    return new TaskRequest<>(id, texts, model -> model.embed(plan), timeout);
  }
}
