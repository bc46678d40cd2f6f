package io.github.gpt2server.engine;

/**
 * How often guesses about one text were right, by how many tokens stood before them as well as now:
 * what is known beforehand, and then more and more what this text shows. Guesses that no step
 * computes count too, for they are seen to be right or wrong all the same.
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

  /** After so many guesses they count half, so that the later ones weigh more. */
  private static final double MEMORY = 64;

  private final double[] guessed = new double[BEFOREHAND.length];
  private final double[] right = new double[BEFOREHAND.length];

  /** Remembers what became of a guess after a match of so many tokens, at least one. */
  void add(int match, boolean wasRight) {
    int kind = kind(match);
    if (guessed[kind] >= MEMORY) {
      guessed[kind] /= 2;
      right[kind] /= 2;
    }
    guessed[kind]++;
    right[kind] += wasRight ? 1 : 0;
  }

  /** The probability that a guess after a match of so many tokens, at least one, is right. */
  double of(int match) {
    int kind = kind(match);
    return (right[kind] + WEIGHT * BEFOREHAND[kind]) / (guessed[kind] + WEIGHT);
  }

  private static int kind(int match) {
    int powerOfTwo = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(match);
    return Math.min(powerOfTwo, BEFOREHAND.length - 1);
  }
}
