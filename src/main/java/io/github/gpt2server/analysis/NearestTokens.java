package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The question for the tokens whose embeddings are nearest, by cosine, to a sum of unit vectors, as
 * in {@code king - man + woman} (Mikolov et al. 2013, "Linguistic Regularities in Continuous Space
 * Word Representations").
 *
 * @param positive token ids whose unit vectors are added
 * @param negative token ids whose unit vectors are subtracted
 * @param count how many tokens to find, at most as many as are not given
 */
public record NearestTokens(int[] positive, int[] negative, int count) {

  /**
   * What the engine is asked.
   *
   * @param id names the request in logs
   * @param timeout counted from submission
   * @return a task that finds tokens and their cosines, nearest first, without those given
   */
  public TaskRequest<Map<Integer, Float>> task(String id, Duration timeout) {
    return new TaskRequest<>(
        id,
        List.of(positive, negative),
        model -> model.nearestTokens(positive, negative, count),
        timeout);
  }
}
