package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TruncationFilterTest {

  private static final int ROWS = 2000;

  private final Candidates candidates = new Candidates();

  @Test
  void topKKeepsWhatSortingKeeps() {
    Random random = new Random(1);
    for (int row = 0; row < ROWS; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      int k = 1 + random.nextInt(random.nextBoolean() ? p.length + 2 : 5);
      assertSame(
          truncated(p, new TopK(k)),
          PlainTruncation.topK(PlainTruncation.distribution(p), k),
          "row " + row + ", k " + k);
    }
  }

  @Test
  void topPKeepsWhatSortingKeeps() {
    Random random = new Random(2);
    for (int row = 0; row < ROWS; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      double share = random.nextDouble();
      assertSame(
          truncated(p, new TopP(share)),
          PlainTruncation.topP(PlainTruncation.distribution(p), share),
          "row " + row + ", p " + share);
    }
  }

  @Test
  void minPKeepsWhatComparingKeeps() {
    Random random = new Random(3);
    for (int row = 0; row < ROWS; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      double ratio =
          random.nextBoolean() ? random.nextDouble() : Math.exp(-20 * random.nextDouble());
      assertSame(
          truncated(p, new MinP(ratio)),
          PlainTruncation.minP(PlainTruncation.distribution(p), ratio),
          "row " + row + ", ratio " + ratio);
    }
  }

  @Test
  void typicalPKeepsWhatSortingKeeps() {
    Random random = new Random(4);
    for (int row = 0; row < ROWS; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      double share = random.nextDouble();
      assertSame(
          truncated(p, new TypicalP(share)),
          PlainTruncation.typicalP(PlainTruncation.distribution(p), share),
          "row " + row + ", p " + share);
    }
  }

  @Test
  void everyFilterKeepsWhatSortingKeepsOfTheWholeVocabulary() {
    Random random = new Random(5);
    for (double spread : new double[] {1e-4, 1, 3, 10}) {
      float[] logits = new float[50257];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) (spread * random.nextGaussian());
      }
      float[] p = RandomRows.softmax(logits, 1);
      NavigableMap<Integer, Double> all = PlainTruncation.distribution(p);
      assertSame(truncated(p, new TopK(20_000)), PlainTruncation.topK(all, 20_000), "top-k");
      assertSame(truncated(p, new TopP(0.95)), PlainTruncation.topP(all, 0.95), "top-p");
      assertSame(truncated(p, new MinP(0.05)), PlainTruncation.minP(all, 0.05), "min-p");
      assertSame(truncated(p, new TypicalP(0.95)), PlainTruncation.typicalP(all, 0.95), "typical");
    }
  }

  @Test
  void topPIncludesTheTokenThatReachesTheShareExactly() {
    assertThat(truncated(new float[] {0.25f, 0.5f, 0.25f}, new TopP(0.75)))
        .containsOnlyKeys(0, 1)
        .containsEntry(1, 2 / 3d);
    assertThat(truncated(new float[] {0.25f, 0.5f, 0.25f}, new TopP(0.76)))
        .containsOnlyKeys(0, 1, 2);
    assertThat(truncated(new float[] {0.25f, 0.5f, 0.25f}, new TopP(0))).containsOnlyKeys(1);
  }

  @Test
  void minPIncludesTheTokenAtTheThresholdExactly() {
    assertThat(truncated(new float[] {0.5f, 0.25f, 0.125f, 0.125f}, new MinP(0.25)))
        .containsOnlyKeys(0, 1, 2, 3);
    assertThat(truncated(new float[] {0.5f, 0.25f, 0.125f, 0.125f}, new MinP(0.26)))
        .containsOnlyKeys(0, 1);
    assertThat(truncated(new float[] {0.25f, 0.5f, 0.25f}, new MinP(1))).containsOnlyKeys(1);
    // The float nearest 0.35 is 0.34999999, less than 0.7 * 0.5.
    assertThat(truncated(new float[] {0.5f, 0.35f, 0.15f}, new MinP(0.7))).containsOnlyKeys(0);
  }

  @Test
  void typicalPMayDropTheLikeliestToken() {
    // Entropy 1.609 nats: 0.25 has surprisal 1.386 (0.223 off), 0.5 has 0.693 (0.916 off).
    float[] p = {0.5f, 0.25f, 0.0625f, 0.0625f, 0.0625f, 0.0625f};
    assertThat(truncated(p, new TypicalP(0.2))).isEqualTo(Map.of(1, 1.0));
    assertThat(truncated(p, new TypicalP(0.7))).containsOnlyKeys(0, 1);
  }

  @Test
  void tiesKeepTheLowestIds() {
    float[] uniform = new float[4096];
    Arrays.fill(uniform, 1f / 4096);
    assertThat(truncated(uniform, new TopK(3))).containsOnlyKeys(0, 1, 2);
    assertThat(truncated(uniform, new TopP(3 / 4096d))).containsOnlyKeys(0, 1, 2);
    assertThat(truncated(uniform, new TypicalP(3 / 4096d))).containsOnlyKeys(0, 1, 2);
    assertThat(truncated(uniform, new MinP(1))).hasSize(4096);
  }

  /** The tokens of positive probability that the filter keeps, renormalised. */
  private NavigableMap<Integer, Double> truncated(float[] probabilities, TruncationFilter filter) {
    candidates.load(RandomRows.direct(probabilities));
    filter.truncate(candidates);
    NavigableMap<Integer, Double> left = new TreeMap<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.probabilities()[i] > 0) {
        left.put(candidates.id(i), candidates.probabilities()[i] / candidates.mass());
      }
    }
    return left;
  }

  private static void assertSame(
      NavigableMap<Integer, Double> actual, NavigableMap<Integer, Double> expected, String what) {
    assertThat(actual.keySet()).as(what).isEqualTo(expected.keySet());
    double difference = 0;
    for (int token : expected.keySet()) {
      difference = Math.max(difference, Math.abs(actual.get(token) - expected.get(token)));
    }
    assertThat(difference).as(what).isLessThan(1e-12);
  }
}
