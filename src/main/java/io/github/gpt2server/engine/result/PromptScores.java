package io.github.gpt2server.engine.result;

import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.model.NonFiniteOutputException;
import java.util.ArrayList;
import java.util.List;

/**
 * How likely the scored tokens of a prompt are, each given the tokens before it. The arrays run in
 * parallel; the first entry belongs to position {@link PromptProbabilities#scoredFrom}. They are
 * empty unless the request is {@link PromptProbabilities#ranked}.
 *
 * @param logprobs natural log-probabilities of the tokens that stand there
 * @param entropies of the distributions they come from, in nats
 * @param ranks how many tokens are likelier, plus one
 * @param details the same log-probabilities with the other tokens that {@link Logprobs} asks for;
 *     empty unless it does
 */
public record PromptScores(
    float[] logprobs, float[] entropies, int[] ranks, List<TokenLogprobs> details) {

  /** About how much memory they take. */
  long bytes() {
    return 12L * logprobs.length + details.stream().mapToLong(TokenLogprobs::bytes).sum();
  }

  /** Whether all of them are finite numbers. */
  boolean finite() {
    return NonFiniteOutputException.allFinite(logprobs)
        && NonFiniteOutputException.allFinite(entropies)
        && details.stream().allMatch(TokenLogprobs::finite);
  }

  public static PromptScores ofLength(int length) {
    return new PromptScores(
        new float[length], new float[length], new int[length], new ArrayList<>());
  }
}
