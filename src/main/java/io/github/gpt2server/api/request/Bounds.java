package io.github.gpt2server.api.request;

import io.github.gpt2server.web.error.ApiException;
import java.math.BigDecimal;

/** Checks that a number lies between two bounds; the error names the number and both. */
public final class Bounds {

  private Bounds() {}

  /**
   * The value, or {@code fallback} if it is absent.
   *
   * @throws ApiException 400, if it is not between {@code min} and {@code max}, both included
   */
  public static double number(String field, Double value, double fallback, double min, double max) {
    if (value == null) {
      return fallback;
    }
    if (!(value >= min && value <= max)) {
      throw outside(field, text(value), text(min), text(max));
    }
    return value;
  }

  /**
   * The value, or {@code fallback} if it is absent.
   *
   * @throws ApiException 400, if it is not between {@code min} and {@code max}, both included
   */
  public static int integer(String field, Integer value, int fallback, int min, int max) {
    if (value == null) {
      return fallback;
    }
    if (value < min || value > max) {
      throw outside(field, value.toString(), Integer.toString(min), Integer.toString(max));
    }
    return value;
  }

  private static ApiException outside(String field, String value, String min, String max) {
    return ApiException.invalid(
        field, field + " must be between " + min + " and " + max + ", but is " + value + ".");
  }

  /** 2 instead of 2.0, and no exponent where people do not write one. */
  private static String text(double value) {
    String plain = BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    return plain.length() > 20
        ? BigDecimal.valueOf(value).stripTrailingZeros().toString().replace('E', 'e')
        : plain;
  }
}
