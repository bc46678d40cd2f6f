package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenDistributionTest {

  /** Logits whose softmax is 1/8, 1/2, 1/4, 1/8: the entropy is 1.75 bits. */
  private static final float[] EIGHTHS = {0f, ln(4), ln(2), 0f};

  @Test
  void givesProbabilitiesEntropyAndRanks() {
    TokenDistribution distribution = TokenDistribution.of(EIGHTHS, 1);

    assertThat(distribution.probability(0)).isCloseTo(0.125, within(1e-7));
    assertThat(distribution.probability(1)).isCloseTo(0.5, within(1e-7));
    assertThat(distribution.logprob(2)).isCloseTo(Math.log(0.25), within(1e-7));
    assertThat(distribution.entropyBits()).isCloseTo(1.75, within(1e-6));
    assertThat(IntStream.range(0, 4).map(distribution::rank)).containsExactly(3, 1, 2, 4);
    assertThat(distribution.likeliest(4)).containsExactly(1, 2, 0, 3);
  }

  @Test
  void temperatureShapesEverything() {
    // At temperature 1/2 the weights 1, 4, 2, 1 become their squares 1, 16, 4, 1.
    TokenDistribution distribution = TokenDistribution.of(EIGHTHS, 0.5);

    assertThat(distribution.probability(1)).isCloseTo(16 / 22.0, within(1e-6));
    assertThat(distribution.probability(3)).isCloseTo(1 / 22.0, within(1e-6));
    double expected =
        -(16 / 22.0 * Math.log(16 / 22.0)
                + 4 / 22.0 * Math.log(4 / 22.0)
                + 2 / 22.0 * Math.log(1 / 22.0))
            / Math.log(2);
    assertThat(distribution.entropyBits()).isCloseTo(expected, within(1e-6));
  }

  @Test
  void aCertainTokenHasAnEntropyOfZeroNotOfMinusZero() {
    TokenDistribution distribution = TokenDistribution.of(new float[] {-1e6f, 1e6f}, 1);

    assertThat(Double.toString(distribution.entropyBits())).isEqualTo("0.0");
  }

  @Test
  void largeLogitsDoNotOverflow() {
    TokenDistribution distribution = TokenDistribution.of(new float[] {1000f, 1000f, -1000f}, 1);

    assertThat(distribution.probability(0)).isCloseTo(0.5, within(1e-12));
    assertThat(distribution.logprob(2)).isCloseTo(-2000 - Math.log(2), within(1e-9));
    assertThat(distribution.entropyBits()).isCloseTo(1, within(1e-12));
  }

  @Test
  void impossibleTokensAddNoEntropy() {
    TokenDistribution distribution =
        TokenDistribution.of(new float[] {0f, Float.NEGATIVE_INFINITY, 0f}, 1);

    assertThat(distribution.entropyBits()).isCloseTo(1, within(1e-12));
    assertThat(distribution.probability(1)).isZero();
    assertThat(distribution.rank(1)).isEqualTo(3);
  }

  @Test
  void selectingAFewAgreesWithSortingAll() {
    Random random = new Random(7);
    float[] logits = new float[4096];
    for (int i = 0; i < logits.length; i++) {
      // Few different values, of both signs and both zeros, so that ties are common.
      logits[i] = random.nextInt(-20, 20) * (random.nextBoolean() ? 0.5f : -0.5f);
    }
    TokenDistribution distribution = TokenDistribution.of(logits, 1);
    int[] all = distribution.likeliest(logits.length);

    assertThat(all).hasSize(4096).doesNotHaveDuplicates();
    assertThat(distribution.likeliest(100)).containsExactly(java.util.Arrays.copyOf(all, 100));
    for (int rank = 1; rank <= 4096; rank += 37) {
      assertThat(distribution.rank(all[rank - 1])).isEqualTo(rank);
    }
    assertThat(distribution.likeliest(0)).isEmpty();
    assertThat(distribution.likeliest(5000)).hasSize(4096);
    assertThat(IntStream.of(all).mapToDouble(distribution::probability).sum())
        .isCloseTo(1, within(1e-9));
  }

  @Test
  void refusesATemperatureOfZero() {
    assertThatIllegalArgumentException().isThrownBy(() -> TokenDistribution.of(EIGHTHS, 0));
  }

  private static float ln(double x) {
    return (float) Math.log(x);
  }
}
