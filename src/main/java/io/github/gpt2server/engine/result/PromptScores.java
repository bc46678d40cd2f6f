package io.github.gpt2server.engine.result;

import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.model.NonFiniteOutputException;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores of the tokens of a prompt, each given the tokens before it. The arrays are parallel, with
 * the position {@link PromptProbabilities#scoredFrom} first; they are empty unless the request is
 * {@link PromptProbabilities#ranked}.
 *
 * @param logprobs log-probabilities of the prompt tokens, in nats
 * @param entropies entropies of their distributions, in nats
 * @param ranks ranks of the prompt tokens, 1 for the likeliest
 * @param details the same log-probabilities with those of the other tokens that {@link Logprobs}
 *     requests; empty unless it requests any
 */
public record PromptScores(
    float[] logprobs, float[] entropies, int[] ranks, List<TokenLogprobs> details) {

  /** Approximate size, in bytes. */
  long bytes() {
    return 12L * logprobs.length + details.stream().mapToLong(TokenLogprobs::bytes).sum();
  }

  /** Returns whether all numbers are finite. */
  boolean finite() {
    return NonFiniteOutputException.allFinite(logprobs)
        && NonFiniteOutputException.allFinite(entropies)
        && details.stream().allMatch(TokenLogprobs::finite);
  }

  /** Creates zeroed arrays of {@code length} entries and no details. */
  public static PromptScores ofLength(int length) {
    return new PromptScores(
        new float[length], new float[length], new int[length], new ArrayList<>());
  }
}
