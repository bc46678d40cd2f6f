package io.github.gpt2server.engine.speculation;

import java.util.Arrays;

/**
 * Acceptance rates of prompt-lookup drafts in one text, by the length of the match that they
 * follow. Draft tokens that no step verifies count too, for the token that follows shows all the
 * same whether they were right.
 */
final class AcceptanceRates {
  /**
   * Prior rates after matches of 1, 2 to 3, 4 to 7, 8 to 15, 16 to 31 and 32 tokens: between those
   * measured on fairy tales, on this project's README and on the embedded model's own texts at
   * temperatures from 0 to 1.
   */
  private static final double[] PRIOR = {0.1, 0.25, 0.55, 0.75, 0.85, 0.95};

  /** The weight of the prior, in draft tokens. */
  private static final double PRIOR_WEIGHT = 4;

  /** The number of draft tokens after which their counts are halved. */
  private static final double HALF_LIFE = 64;

  private final AcceptanceRate[] rates =
      Arrays.stream(PRIOR)
          .mapToObj(rate -> new AcceptanceRate(() -> rate, PRIOR_WEIGHT, HALF_LIFE))
          .toArray(AcceptanceRate[]::new);

  /**
   * Counts a draft token.
   *
   * @param match the length of the match that it follows, at least 1
   */
  void add(int match, boolean wasAccepted) {
    rates[kind(match)].add(wasAccepted);
  }

  /**
   * The estimated probability that a draft token is accepted.
   *
   * @param match the length of the match that it follows, at least 1
   */
  double of(int match) {
    return rates[kind(match)].value();
  }

  private static int kind(int match) {
    int powerOfTwo = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(match);
    return Math.min(powerOfTwo, PRIOR.length - 1);
  }
}
