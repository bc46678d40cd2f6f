package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * DRY ("don't repeat yourself", p-e-w 2024), as llama.cpp computes it: a token that would continue
 * a repetition of {@code n} tokens of prompt and output loses {@code multiplier * base ^ (n -
 * allowedLength)} of its logit if {@code n} is at least {@code allowedLength}, with the longest
 * such {@code n}. No repetition reaches across a sequence breaker, and a breaker itself loses
 * nothing.
 *
 * @param multiplier more than 0
 * @param base at least 1
 * @param allowedLength at least 0
 * @param range number of most recent tokens that are searched, at least 1
 * @param breakers sequences across which nothing is a repetition
 */
public record DryPenalty(
    double multiplier, double base, int allowedLength, int range, SequenceBreakers breakers)
    implements LogitsProcessor {

  /** The logarithm of the largest float: the penalty grows no further. */
  private static final double LARGEST_LOG = StrictMath.log(Float.MAX_VALUE);

  /** Bases nearer 1 have no largest exponent. */
  private static final double LEAST_GROWING_BASE = 1.000001;

  @Override
  public boolean edits(TokenHistory history) {
    return searched(history) > allowedLength;
  }

  private int searched(TokenHistory history) {
    return Math.min(history.length(), range);
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    if (!edits(history)) {
      return;
    }
    repetitions(history)
        .forEach(
            (token, length) -> {
              double logit = logits.get(token) - penalty(length);
              // An infinite logit would exclude a token that nothing excludes.
              if (logits.get(token) != Float.NEGATIVE_INFINITY) {
                logits.put(token, (float) Math.max(-Float.MAX_VALUE, logit));
              }
            });
  }

  /** The length of the longest repetition that each token would continue. */
  private Map<Integer, Integer> repetitions(TokenHistory history) {
    Map<Integer, Integer> longest = new HashMap<>();
    int[] tokens = history.tokens();
    int to = history.length();
    int from = to - searched(history);
    int[] repeats = SuffixRepeats.of(tokens, from, to);
    int most = breakers.tokensAfterLast(tokens, from, to, max(repeats));
    if (most < allowedLength) {
      return longest;
    }
    for (int k = 1; k < repeats.length; k++) {
      int length = Math.min(repeats[k], most);
      int next = tokens[to - k];
      if (length >= allowedLength && !breakers.breaks(next)) {
        longest.merge(next, length, Math::max);
      }
    }
    return longest;
  }

  private static int max(int[] lengths) {
    int max = 0;
    for (int length : lengths) {
      max = Math.max(max, length);
    }
    return max;
  }

  private double penalty(int length) {
    int exponent = length - allowedLength;
    if (base > LEAST_GROWING_BASE) {
      exponent = Math.min(exponent, (int) (LARGEST_LOG / StrictMath.log(base)));
    }
    return multiplier * StrictMath.pow(base, exponent);
  }
}
