package io.github.gpt2server.engine.speculation;

import java.util.function.DoubleSupplier;

/**
 * How often guesses of one kind were right: what is known beforehand, and then more and more what
 * is seen.
 */
final class AcceptanceRate {
  private final DoubleSupplier beforehand;
  private final double weight;
  private final double memory;
  private double guessed;
  private double right;

  /**
   * Has seen nothing.
   *
   * @param beforehand the rate as long as that is so
   * @param weight as much as so many guesses it weighs later
   * @param memory after so many guesses they count half, so that the later ones weigh more
   */
  AcceptanceRate(DoubleSupplier beforehand, double weight, double memory) {
    this.beforehand = beforehand;
    this.weight = weight;
    this.memory = memory;
  }

  /** Remembers what became of a guess. */
  void add(boolean wasRight) {
    if (guessed >= memory) {
      guessed /= 2;
      right /= 2;
    }
    guessed++;
    right += wasRight ? 1 : 0;
  }

  /** How many guesses are remembered. */
  double guessed() {
    return guessed;
  }

  /** The probability that a guess is right. */
  double value() {
    return (right + weight * beforehand.getAsDouble()) / (guessed + weight);
  }
}
