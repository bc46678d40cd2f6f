package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;

/** Drawn frequencies against the expected distribution, by Pearson's chi-square test. */
class DrawFrequenciesTest {

  private static final int DRAWS = 100_000;

  @Test
  void plainTemperature() {
    assertFrequencies(0, 1, 0, 1, 60, 1.0, 60);
    assertFrequencies(0, 1, 0, 1, 60, 0.8, 60);
  }

  @Test
  void plainTemperatureOverSeveralBlocks() {
    assertFrequencies(0, 1, 0, 1, 3000, 3.0, 3000);
  }

  @Test
  void topK() {
    assertFrequencies(12, 1, 0, 1, 60, 1.0, 12);
  }

  @Test
  void topP() {
    assertFrequencies(0, 0.6, 0, 1, 60, 1.0, 16);
  }

  @Test
  void minP() {
    assertFrequencies(0, 1, 0.2, 1, 60, 1.0, 14);
  }

  @Test
  void typicalP() {
    assertFrequencies(0, 1, 0, 0.5, 60, 1.0, 21);
  }

  @Test
  void allTogether() {
    assertFrequencies(40, 0.9, 0.15, 0.9, 60, 1.0, 21);
  }

  private static void assertFrequencies(
      int topK,
      double topP,
      double minP,
      double typicalP,
      int vocabulary,
      double temperature,
      int possibleTokens) {
    Random random = new Random(7);
    float[] logits = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    float[] probabilities = RandomRows.softmax(logits, temperature);
    SamplingParameters parameters =
        new SamplingParameters(temperature, topK, topP, minP, typicalP, 1, 0, 0, Map.of(), 0, 2024);
    NavigableMap<Integer, Double> distribution = PlainTruncation.all(probabilities, parameters);

    long[] drawn = new long[vocabulary];
    TokenSampler sampler = new TokenSampler(parameters, new int[0], Set.of());
    FloatBuffer row = RandomRows.direct(probabilities);
    for (int i = 0; i < DRAWS; i++) {
      drawn[sampler.sample(row)]++;
    }

    List<Integer> possible = new ArrayList<>(distribution.keySet());
    double[] expected = possible.stream().mapToDouble(t -> DRAWS * distribution.get(t)).toArray();
    long[] observed = possible.stream().mapToLong(t -> drawn[t]).toArray();
    assertThat(possible).hasSize(possibleTokens);
    assertThat(DoubleStream.of(expected).min().orElseThrow())
        .as("fewest expected draws, for the test to hold")
        .isGreaterThanOrEqualTo(5);
    assertThat(LongStream.of(observed).sum()).as("draws of possible tokens").isEqualTo(DRAWS);
    assertThat(new ChiSquareTest().chiSquareTest(expected, observed))
        .as("p-value")
        .isGreaterThan(0.01);
  }
}
