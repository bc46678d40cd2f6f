package io.github.gpt2server.cli.verify;

import java.util.Locale;

/**
 * The result for a published number; a line of the table that {@code verify} prints.
 *
 * @param verdict whether the number is right
 * @param what the name of the number
 * @param expected the published value
 * @param got the computed value
 * @param allowed the allowed difference
 * @param note the reason why it was not checked or computed
 */
record CheckResult(
    Verdict verdict, String what, String expected, String got, String allowed, String note) {

  /** Verdicts on a number. */
  enum Verdict {
    /** A number within the tolerance. */
    OK("ok"),
    /** A number that is not within the tolerance. */
    FAILED("FAILED"),
    /** A number that was not checked. */
    SKIPPED("skipped");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    /** The label in the table. */
    @Override
    public String toString() {
      return label;
    }
  }

  /** Compares a computed number with the published one. */
  static CheckResult of(String what, double expected, double got, Tolerance tolerance) {
    return new CheckResult(
        tolerance.covers(expected, got) ? Verdict.OK : Verdict.FAILED,
        what,
        written(expected),
        written(got),
        "+-" + written(tolerance.allowed(expected)),
        "");
  }

  /** Compares values that must be equal. */
  static CheckResult exact(String what, String expected, String got) {
    return new CheckResult(
        got.equals(expected) ? Verdict.OK : Verdict.FAILED, what, expected, got, "exact", "");
  }

  /** A result for a number that the model failed to compute. */
  static CheckResult failed(String what, String reason) {
    return new CheckResult(Verdict.FAILED, what, "", "", "", reason);
  }

  /** A result for a number that cannot be checked. */
  static CheckResult skipped(String what, String expected, String reason) {
    return new CheckResult(Verdict.SKIPPED, what, expected, "", "", reason);
  }

  private static String written(double number) {
    return String.format(Locale.ROOT, "%.5f", number);
  }
}
