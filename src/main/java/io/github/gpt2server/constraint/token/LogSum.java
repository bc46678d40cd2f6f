package io.github.gpt2server.constraint.token;

/**
 * The logarithm of a sum of exponentials that may each be too small or too large to be a number.
 */
final class LogSum {
  private double largest = Double.NEGATIVE_INFINITY;
  private double sum;

  /** Adds {@code exp(log)}. */
  void add(double log) {
    if (log > largest) {
      sum = sum * Math.exp(largest - log) + 1;
      largest = log;
    } else if (log > Double.NEGATIVE_INFINITY) {
      sum += Math.exp(log - largest);
    }
  }

  /** The logarithm of the sum, negative infinity of nothing. */
  double log() {
    return largest + Math.log(sum);
  }
}
