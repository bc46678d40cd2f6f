package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.TaskRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Search for the tokens whose embeddings are nearest, by cosine, to a sum of unit vectors, as in
 * {@code king - man + woman} (Mikolov et al. 2013, "Linguistic Regularities in Continuous Space
 * Word Representations").
 *
 * @param positive token ids whose unit vectors are added
 * @param negative token ids whose unit vectors are subtracted
 * @param count number of tokens to find, at most the vocabulary without the given ones
 */
public record NearestTokens(int[] positive, int[] negative, int count) {

  /**
   * The request for the engine.
   *
   * @param id the request's name in logs
   * @param timeout longest time from submission to the end
   * @return a task that finds tokens and their cosines, nearest first, without the given tokens
   */
  public TaskRequest<Map<Integer, Float>> task(String id, Duration timeout) {
    return new TaskRequest<>(
        id,
        List.of(positive, negative),
        model -> model.nearestTokens(positive, negative, count),
        timeout);
  }
}
