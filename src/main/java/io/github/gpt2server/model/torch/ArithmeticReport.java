package io.github.gpt2server.model.torch;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The outcome of an {@link ArithmeticCheck}.
 *
 * @param kernels the operators that were checked
 * @param findings what was found of each operator; not empty
 * @param took how long the check took
 */
public record ArithmeticReport(Kernels kernels, List<Finding> findings, Duration took) {

  /**
   * The error of one operator.
   *
   * @param operator its name, such as {@code linear 768 -> 2304 (float32)}
   * @param error the largest difference from the right result, relative to the largest magnitude in
   *     it; NaN where a result is not a number
   * @param limit the largest error that rounding explains
   */
  public record Finding(String operator, double error, double limit) {
    boolean passed() {
      return error <= limit;
    }

    @Override
    public String toString() {
      return Double.isNaN(error)
          ? operator + " gives results that are not numbers"
          : String.format(
              Locale.ROOT,
              "%s is off by %.2g of its largest result (at most %.0e is rounding)",
              operator,
              error,
              limit);
    }
  }

  /** Returns whether every operator computes what it should. */
  public boolean passed() {
    return findings.stream().allMatch(Finding::passed);
  }

  /** The largest error of all. */
  public double largestError() {
    return findings.stream().mapToDouble(Finding::error).max().orElseThrow();
  }

  /** The operator that is wrong by most, compared with what rounding explains. */
  public Finding worst() {
    return findings.stream()
        .max(Comparator.comparingDouble(finding -> finding.error() / finding.limit()))
        .orElseThrow();
  }
}
