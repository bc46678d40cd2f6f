package io.github.gpt2server.sampling;

/**
 * The logarithm of a sum of exponentials that may each be too small or too large to be a number.
 */
public final class LogSum {
  private double largest = Double.NEGATIVE_INFINITY;
  private double sum;

  /** Creates the sum of nothing. */
  public LogSum() {}

  /** Adds {@code exp(log)}. */
  public void add(double log) {
    if (log > largest) {
      sum = sum * StrictMath.exp(largest - log) + 1;
      largest = log;
    } else if (log > Double.NEGATIVE_INFINITY) {
      sum += StrictMath.exp(log - largest);
    }
  }

  /** The logarithm of the sum, negative infinity of nothing. */
  public double log() {
    return largest + StrictMath.log(sum);
  }
}
