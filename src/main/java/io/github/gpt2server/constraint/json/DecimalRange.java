package io.github.gpt2server.constraint.json;

import static io.github.gpt2server.constraint.automaton.Fragment.alternatives;
import static io.github.gpt2server.constraint.automaton.Fragment.optional;
import static io.github.gpt2server.constraint.automaton.Fragment.range;
import static io.github.gpt2server.constraint.automaton.Fragment.repeat;
import static io.github.gpt2server.constraint.automaton.Fragment.sequence;
import static io.github.gpt2server.constraint.automaton.Fragment.text;

import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * The decimal numbers between two bounds, compared exactly digit by digit: without exponent,
 * leading zeros or {@code -0}, and at most {@value JsonText#MAX_DIGITS} digits more than a bound
 * has.
 *
 * @param low least number, or null
 * @param lowExcluded whether {@code low} itself is excluded
 * @param high largest number, or null
 * @param highExcluded whether {@code high} itself is excluded
 */
record DecimalRange(BigDecimal low, boolean lowExcluded, BigDecimal high, boolean highExcluded) {

  private static final Fragment DIGIT = JsonText.DIGIT;
  private static final Fragment MORE_DIGITS = repeat(DIGIT, 0, JsonText.MAX_DIGITS);
  private static final Fragment FRACTION = optional(JsonText.FRACTION);

  /** The integers of the range. */
  Fragment integers() {
    BigInteger least = low == null ? null : rounded(low, RoundingMode.CEILING);
    if (low != null && lowExcluded && low.compareTo(new BigDecimal(least)) == 0) {
      least = least.add(BigInteger.ONE);
    }
    BigInteger most = high == null ? null : rounded(high, RoundingMode.FLOOR);
    if (high != null && highExcluded && high.compareTo(new BigDecimal(most)) == 0) {
      most = most.subtract(BigInteger.ONE);
    }
    Fragment negative =
        natural(
            most == null || most.signum() >= 0 ? BigInteger.ONE : most.negate(),
            least == null ? null : least.negate());
    Fragment positive =
        natural(least == null || least.signum() < 0 ? BigInteger.ZERO : least, most);
    return alternatives(sequence(text("-"), negative), positive);
  }

  /** The numbers of the range, with or without a fraction. */
  Fragment numbers(DeterministicBuilder builder) {
    BigDecimal zero = BigDecimal.ZERO;
    boolean lowNegative = low == null || low.signum() < 0;
    Fragment positive =
        between(builder, lowNegative ? zero : low, !lowNegative && lowExcluded, high, highExcluded);
    boolean highNegative = high != null && high.signum() < 0;
    Fragment negative =
        between(
            builder,
            highNegative ? high.negate() : zero,
            !highNegative || highExcluded,
            low == null ? null : low.negate(),
            lowExcluded);
    return alternatives(positive, sequence(text("-"), negative));
  }

  /** The numbers without sign from {@code least}, at least 0, to {@code most}. */
  private static Fragment between(
      DeterministicBuilder builder,
      BigDecimal least,
      boolean leastExcluded,
      BigDecimal most,
      boolean mostExcluded) {
    if (most == null) {
      return atLeast(least, leastExcluded);
    }
    if (most.signum() < 0) {
      return Fragment.NOTHING;
    }
    return builder.intersection(atLeast(least, leastExcluded), atMost(most, mostExcluded));
  }

  private static Fragment atLeast(BigDecimal bound, boolean excluded) {
    BigInteger whole = bound.toBigInteger();
    Fragment more = sequence(natural(whole.add(BigInteger.ONE), null), FRACTION);
    String digits = fraction(bound);
    Fragment tail =
        digits.isEmpty() && !excluded
            ? FRACTION
            : sequence(text("."), digitsAtLeast(digits, excluded));
    return alternatives(more, sequence(text(whole.toString()), tail));
  }

  private static Fragment digitsAtLeast(String bound, boolean excluded) {
    if (bound.isEmpty()) {
      return excluded
          ? sequence(repeat(text("0"), 0, JsonText.MAX_DIGITS), range('1', '9'), MORE_DIGITS)
          : MORE_DIGITS;
    }
    char first = bound.charAt(0);
    return alternatives(
        first == '9' ? Fragment.NOTHING : sequence(range(first + 1, '9'), MORE_DIGITS),
        sequence(text(bound.substring(0, 1)), digitsAtLeast(bound.substring(1), excluded)));
  }

  private static Fragment atMost(BigDecimal bound, boolean excluded) {
    BigInteger whole = bound.toBigInteger();
    Fragment less = sequence(natural(BigInteger.ZERO, whole.subtract(BigInteger.ONE)), FRACTION);
    String digits = fraction(bound);
    Fragment equal = digits.isEmpty() && excluded ? Fragment.NOTHING : text(whole.toString());
    Fragment more = sequence(text(whole.toString()), text("."), digitsAtMost(digits, excluded));
    return alternatives(less, equal, more);
  }

  /** One or more digits of a fraction that is not above the bound's. */
  private static Fragment digitsAtMost(String bound, boolean excluded) {
    if (bound.isEmpty()) {
      return excluded ? Fragment.NOTHING : repeat(text("0"), 1, JsonText.MAX_DIGITS);
    }
    char first = bound.charAt(0);
    boolean mayEnd = bound.length() > 1 || !excluded;
    Fragment rest = digitsAtMost(bound.substring(1), excluded);
    return alternatives(
        first == '0' ? Fragment.NOTHING : sequence(range('0', first - 1), MORE_DIGITS),
        mayEnd ? text(bound.substring(0, 1)) : Fragment.NOTHING,
        sequence(text(bound.substring(0, 1)), rest));
  }

  private static String fraction(BigDecimal bound) {
    BigDecimal part = bound.remainder(BigDecimal.ONE).stripTrailingZeros();
    String plain = part.toPlainString();
    int point = plain.indexOf('.');
    return point < 0 ? "" : plain.substring(point + 1);
  }

  /** The integers from {@code least}, at least 0, to {@code most}, or null without end. */
  private static Fragment natural(BigInteger least, BigInteger most) {
    if (most != null && most.compareTo(least) < 0) {
      return Fragment.NOTHING;
    }
    List<Fragment> byLength = new ArrayList<>();
    int shortest = least.toString().length();
    int longest = most == null ? shortest : most.toString().length();
    for (int length = shortest; length <= longest; length++) {
      String from = length == shortest ? least.toString() : "1" + "0".repeat(length - 1);
      String to = most != null && length == longest ? most.toString() : "9".repeat(length);
      byLength.add(digits(from, to));
    }
    if (most == null) {
      byLength.add(
          sequence(
              range('1', '9'),
              repeat(DIGIT, shortest, Math.max(shortest, JsonText.MAX_DIGITS - 1))));
    }
    return alternatives(byLength);
  }

  /** The strings of digits between two of the same length. */
  private static Fragment digits(String from, String to) {
    if (from.equals(to)) {
      return text(from);
    }
    char low = from.charAt(0);
    char high = to.charAt(0);
    String low2 = from.substring(1);
    String high2 = to.substring(1);
    if (low == high) {
      return sequence(text(from.substring(0, 1)), digits(low2, high2));
    }
    Fragment any = repeat(DIGIT, low2.length(), low2.length());
    return alternatives(
        sequence(text(from.substring(0, 1)), digits(low2, "9".repeat(low2.length()))),
        high - low > 1 ? sequence(range(low + 1, high - 1), any) : Fragment.NOTHING,
        sequence(text(to.substring(0, 1)), digits("0".repeat(high2.length()), high2)));
  }

  private static BigInteger rounded(BigDecimal value, RoundingMode mode) {
    return value.setScale(0, mode).toBigInteger();
  }
}
