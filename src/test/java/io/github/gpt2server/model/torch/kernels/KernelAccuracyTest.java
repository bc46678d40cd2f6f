package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The distance of the kernels' functions from float64's, over all of float32. */
@EnabledOnOs(OS.LINUX)
class KernelAccuracyTest {
  private static final int EXP = 0;
  private static final int LOG = 1;
  private static final int ACTIVATION = 2;
  private static final int GELU_TANH = 1;
  private static final int GELU = 2;
  private static final int TANH = 6;

  /** Between two numbers that are tried; every number in turn would take minutes. */
  private static final int STRIDE = 61;

  private static final int BATCH = 1 << 20;

  private final KernelLibrary library = KernelLibrary.load().orElseThrow();

  @Test
  void expIsWithinTwoUnits() {
    assertThat(worst(EXP, 0, Math::exp)).isLessThanOrEqualTo(2);
  }

  @Test
  void logIsWithinTwoUnits() {
    assertThat(worst(LOG, 0, Math::log)).isLessThanOrEqualTo(2);
  }

  @Test
  void tanhIsWithinTwoUnits() {
    assertThat(worst(ACTIVATION, TANH, Math::tanh)).isLessThanOrEqualTo(2);
  }

  @Test
  void geluIsCloseToItsDefinition() {
    double factor = Math.sqrt(2 / Math.PI);
    float[] x = new float[200_001];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 100_000) * 1e-4f;
    }
    float[] y = best().map(x, ACTIVATION, GELU_TANH);
    for (int i = 0; i < x.length; i++) {
      double u = factor * (x[i] + 0.044715 * Math.pow(x[i], 3));
      // 1 + tanh(u), without the cancellation where u is far below 0.
      double exact = x[i] / (1 + Math.exp(-2 * u));
      double unit = Math.ulp((float) exact);
      // Rounding u to float32 alone changes the exponential by as much as u is large.
      assertThat(Math.abs(y[i] - exact) / unit)
          .as("gelu(%s)", x[i])
          .isLessThan(4 + 5 * Math.abs(u));
    }
  }

  @Test
  void exactGeluIsCloseToItsDefinition() {
    float[] x = new float[120_001];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 60_000) * 1e-4f;
    }
    float[] y = best().map(x, ACTIVATION, GELU);
    for (int i = 0; i < x.length; i++) {
      double tail = normalTail(Math.abs(x[i]));
      double exact = x[i] < 0 ? x[i] * tail : x[i] * (1 - tail);
      assertThat(Math.abs(y[i] - exact))
          .as("gelu(%s)", x[i])
          .isLessThanOrEqualTo(6 * Math.ulp((float) exact));
    }
  }

  /**
   * The normal distribution beyond z: one half less the series z^(2 n + 1) / (1 3 5 ... (2 n + 1)),
   * or, where these cancel each other, the continued fraction 1 / (z + 1 / (z + 2 / (z + ...))),
   * each times the density. Abramowitz, 26.2.11 and 26.2.14.
   */
  private static double normalTail(double z) {
    double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    if (z < 2) {
      double term = z;
      double sum = z;
      for (int n = 1; term > sum * 1e-18; n++) {
        term *= z * z / (2 * n + 1);
        sum += term;
      }
      return 0.5 - sum * density;
    }
    double fraction = z;
    for (int n = 400; n > 0; n--) {
      fraction = z + n / fraction;
    }
    return density / fraction;
  }

  private KernelCalls best() {
    library.use(library.variants().get(library.variants().size() - 1));
    return new KernelCalls(library, new java.util.Random(1));
  }

  /** The largest error in units of the last place of what is right. */
  private double worst(int function, int activation, DoubleUnaryOperator exact) {
    KernelCalls calls = best();
    double worst = 0;
    for (long begin = Integer.MIN_VALUE;
        begin <= Integer.MAX_VALUE;
        begin += (long) STRIDE * BATCH) {
      float[] x = new float[BATCH];
      for (int i = 0; i < BATCH; i++) {
        long bits = begin + (long) STRIDE * i;
        x[i] = bits <= Integer.MAX_VALUE ? Float.intBitsToFloat((int) bits) : 1;
      }
      float[] y = calls.map(x, function, activation);
      for (int i = 0; i < BATCH; i++) {
        worst = Math.max(worst, error(x[i], y[i], exact.applyAsDouble(x[i])));
      }
    }
    return worst;
  }

  private static double error(float x, float found, double exact) {
    float rounded = (float) exact;
    if (Float.isNaN(rounded) || Float.isInfinite(rounded)) {
      // The last numbers before infinity may be rounded either way.
      boolean right =
          Float.compare(rounded, found) == 0
              || (Float.isInfinite(rounded) && found >= Float.MAX_VALUE * 0.999f && x < 89);
      return right ? 0 : Double.POSITIVE_INFINITY;
    }
    return Math.abs(found - exact) / Math.ulp(rounded);
  }
}
