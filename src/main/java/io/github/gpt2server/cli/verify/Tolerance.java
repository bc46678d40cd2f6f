package io.github.gpt2server.cli.verify;

/**
 * How far a number may be from the one that was published.
 *
 * @param absolute so far in any case
 * @param relative times the published number's size, so much further
 */
record Tolerance(double absolute, double relative) {
  /** What float32 keeps on logits, however its sums are ordered. */
  static final Tolerance DEFAULT = new Tolerance(1e-3, 0);

  /** How far from this number. */
  double allowed(double expected) {
    return absolute + relative * Math.abs(expected);
  }

  /** Whether {@code got} is near enough; what is no number never is. */
  boolean covers(double expected, double got) {
    return Math.abs(got - expected) <= allowed(expected);
  }
}
