package io.github.gpt2server.constraint.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares ranges with BigDecimal on every short decimal number. */
class DecimalRangeTest {
  private static final List<String> BOUNDS =
      List.of(
          "0", "1", "9", "10", "99", "100", "101", "12.5", "0.5", "0.05", "1.10", "1e1", "5e-2",
          "99.99", "-1", "-0.5", "-12.5", "-100", "-9.9", "-0.05");

  @Test
  void containsExactlyTheNumbersBetween() {
    List<String> texts = texts();
    Random random = new Random(3);
    int inside = 0;
    for (int i = 0; i < 400; i++) {
      BigDecimal low = bound(random);
      BigDecimal high = bound(random);
      boolean lowExcluded = random.nextBoolean();
      boolean highExcluded = random.nextBoolean();
      DecimalRange range = new DecimalRange(low, lowExcluded, high, highExcluded);
      if (low == null && high == null) {
        continue;
      }
      DeterministicBuilder builder = new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> {});
      ByteAutomaton numbers = builder.finish(range.numbers(builder));
      ByteAutomaton integers = builder.finish(range.integers());
      for (String text : texts) {
        BigDecimal value = new BigDecimal(text);
        boolean zero = text.startsWith("-") && value.signum() == 0;
        boolean expected =
            !zero
                && above(value, low, lowExcluded)
                && above(value.negate(), negated(high), highExcluded);
        inside += expected ? 1 : 0;
        if (numbers.matches(text.getBytes(UTF_8)) != expected
            || integers.matches(text.getBytes(UTF_8)) != (expected && !text.contains("."))) {
          assertThat(expected).as("%s in %s", text, range).isNull();
        }
      }
    }
    assertThat(inside).isGreaterThan(100_000);
  }

  @Test
  void textsThatAreNoNumbersAreNone() {
    DeterministicBuilder builder = new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> {});
    ByteAutomaton numbers =
        builder.finish(
            new DecimalRange(new BigDecimal("-5"), false, new BigDecimal("500"), false)
                .numbers(builder));
    for (String text : List.of("", "-", "01", "1.", ".5", "+1", "1e1", "-00", "1.2.3", "--1")) {
      assertThat(numbers.matches(text.getBytes(UTF_8))).as(text).isFalse();
    }
  }

  private static BigDecimal negated(BigDecimal value) {
    return value == null ? null : value.negate();
  }

  private static boolean above(BigDecimal value, BigDecimal bound, boolean excluded) {
    return bound == null || value.compareTo(bound) > (excluded ? 0 : -1);
  }

  private static BigDecimal bound(Random random) {
    return random.nextInt(5) == 0
        ? null
        : new BigDecimal(BOUNDS.get(random.nextInt(BOUNDS.size())));
  }

  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int whole = 0; whole <= 125; whole++) {
      for (String fraction :
          List.of(
              "", ".0", ".00", ".5", ".50", ".05", ".1", ".10", ".100", ".11", ".9", ".99", ".999",
              ".049", ".051")) {
        texts.add(whole + fraction);
        texts.add("-" + whole + fraction);
      }
    }
    for (int whole = 126; whole < 1300; whole += 7) {
      texts.add(Integer.toString(whole));
      texts.add("-" + whole);
    }
    return texts;
  }
}
