package io.github.gpt2server.cli.verify;

import java.util.Locale;

/**
 * What became of a published number; a line of the table that {@code verify} prints.
 *
 * @param verdict whether it is right
 * @param what names it
 * @param expected as it was published
 * @param got as the model gives it
 * @param allowed how far from each other they may be
 * @param note why it could not be checked, or computed
 */
record CheckResult(
    Verdict verdict, String what, String expected, String got, String allowed, String note) {

  /** Whether a number is right. */
  enum Verdict {
    /** Within the tolerance. */
    OK("ok"),
    /** Not within the tolerance. */
    FAILED("FAILED"),
    /** Not checked. */
    SKIPPED("skipped");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    /** As the table writes it. */
    @Override
    public String toString() {
      return label;
    }
  }

  /** A number that was computed. */
  static CheckResult of(String what, double expected, double got, Tolerance tolerance) {
    return new CheckResult(
        tolerance.covers(expected, got) ? Verdict.OK : Verdict.FAILED,
        what,
        written(expected),
        written(got),
        "+-" + written(tolerance.allowed(expected)),
        "");
  }

  /** Something that is right only if it is the same. */
  static CheckResult exact(String what, String expected, String got) {
    return new CheckResult(
        got.equals(expected) ? Verdict.OK : Verdict.FAILED, what, expected, got, "exact", "");
  }

  /** Something that the model could not compute. */
  static CheckResult failed(String what, String reason) {
    return new CheckResult(Verdict.FAILED, what, "", "", "", reason);
  }

  /** Something that cannot be checked. */
  static CheckResult skipped(String what, String expected, String reason) {
    return new CheckResult(Verdict.SKIPPED, what, expected, "", "", reason);
  }

  private static String written(double number) {
    return String.format(Locale.ROOT, "%.5f", number);
  }
}
