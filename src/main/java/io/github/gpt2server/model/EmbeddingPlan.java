package io.github.gpt2server.model;

import java.util.List;

/**
 * The vectors that {@link LanguageModel#embed} computes, as plain data.
 *
 * @param texts the token ids of each text, at least one and at most a context's length
 * @param blocks how many blocks the texts pass; 0 leaves them at the sum of token and position
 *     embedding
 * @param finalNorm whether the last layer norm follows
 * @param pooling how many vectors a text gets
 * @param normalize whether vectors are scaled to Euclidean length 1
 */
public record EmbeddingPlan(
    List<int[]> texts, int blocks, boolean finalNorm, Pooling pooling, boolean normalize) {

  /** Copies the list, which therefore cannot change later. */
  public EmbeddingPlan {
    texts = List.copyOf(texts);
  }
}
