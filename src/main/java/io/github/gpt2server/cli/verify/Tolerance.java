package io.github.gpt2server.cli.verify;

/**
 * The allowed difference from a published number.
 *
 * @param absolute the part that does not depend on the number
 * @param relative the part that is multiplied with the absolute value of the published number
 */
record Tolerance(double absolute, double relative) {
  /** The accuracy of float32 logits, whatever the order of summation. */
  static final Tolerance DEFAULT = new Tolerance(1e-3, 0);

  /** The allowed difference from this number. */
  double allowed(double expected) {
    return absolute + relative * Math.abs(expected);
  }

  /** Returns whether {@code got} is within the tolerance; NaN never is. */
  boolean covers(double expected, double got) {
    return Math.abs(got - expected) <= allowed(expected);
  }
}
