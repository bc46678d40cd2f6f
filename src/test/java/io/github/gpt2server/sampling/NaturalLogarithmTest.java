package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NaturalLogarithmTest {

  @Test
  void agreesWithStrictMathOnEveryScale() {
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      int bits = random.nextInt(Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
      assertClose(Float.intBitsToFloat(Math.max(1, bits)));
      assertClose((float) Math.exp(-random.nextDouble()));
    }
  }

  @Test
  void agreesWithStrictMathAtTheEdges() {
    assertClose(1);
    assertClose(Math.nextDown(1f));
    assertClose(Math.nextUp(1f));
    assertClose(Float.MIN_VALUE);
    assertClose(Float.MIN_NORMAL);
    assertClose(Float.MAX_VALUE);
  }

  @Test
  void zeroComesBeforeEveryPositiveFloatAndVanishesInAProduct() {
    assertThat(NaturalLogarithm.of(0f)).isBetween(-710.0, -700.0);
    assertThat(0 * NaturalLogarithm.of(0f)).isZero();
  }

  private static void assertClose(float x) {
    double exact = StrictMath.log(x);
    double error = 1e-15 * Math.max(1, Math.abs(exact));
    assertThat(NaturalLogarithm.of(x)).as("ln %s", x).isCloseTo(exact, within(error));
  }
}
