package io.github.gpt2server.engine.speculation;

import java.util.Arrays;

/**
 * How often guesses about one text were right, by how many tokens stood before them as well as now.
 * Guesses that no step computes count too, for they are seen to be right or wrong all the same.
 */
final class AcceptanceRates {
  /**
   * Of matches of 1, 2 to 3, 4 to 7, 8 to 15, 16 to 31 and 32 tokens: between what texts of fairy
   * tales, this project's README and the embedded model's own texts at temperatures from 0 to 1
   * showed.
   */
  private static final double[] BEFOREHAND = {0.1, 0.25, 0.55, 0.75, 0.85, 0.95};

  /** What is known beforehand weighs as much as so many guesses. */
  private static final double WEIGHT = 4;

  /** After so many guesses they count half. */
  private static final double MEMORY = 64;

  private final AcceptanceRate[] rates =
      Arrays.stream(BEFOREHAND)
          .mapToObj(rate -> new AcceptanceRate(() -> rate, WEIGHT, MEMORY))
          .toArray(AcceptanceRate[]::new);

  /** Remembers what became of a guess after a match of so many tokens, at least one. */
  void add(int match, boolean wasRight) {
    rates[kind(match)].add(wasRight);
  }

  /** The probability that a guess after a match of so many tokens, at least one, is right. */
  double of(int match) {
    return rates[kind(match)].value();
  }

  private static int kind(int match) {
    int powerOfTwo = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(match);
    return Math.min(powerOfTwo, BEFOREHAND.length - 1);
  }
}
