package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** XTC, mirostat and the rules together, against their definitions over sorted lists. */
class DecodingDrawsTest {
  private static final int[] NO_PROMPT = {};

  private final Candidates candidates = new Candidates();

  @Test
  void xtcRemovesWhatSortingRemoves() {
    Random random = new Random(1);
    int removed = 0;
    for (int row = 0; row < 2000; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      double threshold = random.nextInt(3) == 0 ? 0 : 0.5 * Math.pow(random.nextDouble(), 3);
      NavigableMap<Integer, Double> all = PlainTruncation.distribution(p);
      Set<Integer> expected = (threshold > 0 ? PlainTruncation.xtc(all, threshold) : all).keySet();
      if (expected.size() < all.size()) {
        removed++;
      }
      candidates.load(RandomRows.direct(p));
      new Xtc(0.5, threshold).truncate(candidates, threshold > 0 ? 0.49 : 0.5);
      assertThat(left()).as("row %d, threshold %s", row, threshold).isEqualTo(expected);
    }
    assertThat(removed).isGreaterThan(400);
  }

  @Test
  void xtcRemovesNothingWhereOneTokenIsAboveTheThreshold() {
    candidates.load(RandomRows.direct(0.7f, 0.2f, 0.1f));
    new Xtc(1, 0.3).truncate(candidates, 0.999);
    assertThat(left()).containsExactly(0, 1, 2);
    candidates.load(RandomRows.direct(0.5f, 0.25f, 0.25f));
    new Xtc(1, 0.25).truncate(candidates, 0.999);
    // Of tied tokens the last one stays.
    assertThat(left()).containsExactly(2);
  }

  @Test
  void xtcTakesItsChanceFromNumbersOfItsOwn() {
    Random random = new Random(2);
    for (int row = 0; row < 2000; row++) {
      float[] p = RandomRows.probabilities(random, 30);
      double probability = random.nextDouble();
      long seed = random.nextLong();
      double u = (new SplittableRandom(seed).nextLong() >>> 11) * 0x1.0p-53;
      double chance = (new SplittableRandom(seed).split().nextLong() >>> 11) * 0x1.0p-53;
      NavigableMap<Integer, Double> all = PlainTruncation.distribution(p);
      NavigableMap<Integer, Double> left =
          chance < probability ? PlainTruncation.xtc(all, 0.05) : all;
      TokenSampler sampler = sampler(seed, null, new Xtc(probability, 0.05));
      assertThat(sampler.sample(RandomRows.direct(p)))
          .as("row %d", row)
          .isEqualTo(PlainTruncation.draw(left, u));
    }
  }

  @Test
  void mirostatDrawsWhatItsDefinitionDraws() {
    Random random = new Random(3);
    for (int sequence = 0; sequence < 400; sequence++) {
      int version = 1 + sequence % 2;
      double tau = 6 * random.nextDouble();
      double eta = random.nextDouble();
      long seed = random.nextLong();
      SplittableRandom numbers = new SplittableRandom(seed);
      TokenSampler sampler = sampler(seed, new Mirostat(version, tau, eta), null);
      double mu = 2 * tau;
      int size = 2 + random.nextInt(400);
      for (int step = 0; step < 20; step++) {
        float[] p = RandomRows.softmax(RandomRows.logits(random, size), 1);
        NavigableMap<Integer, Double> left =
            PlainTruncation.mirostat(version, PlainTruncation.distribution(p), size, mu);
        int token = PlainTruncation.draw(left, (numbers.nextLong() >>> 11) * 0x1.0p-53);
        assertThat(sampler.sample(RandomRows.direct(p)))
            .as("sequence %d, step %d, mu %s", sequence, step, mu)
            .isEqualTo(token);
        sampler.accept(token);
        mu -= eta * (-Math.log(left.get(token)) / Math.log(2) - tau);
      }
    }
  }

  @Test
  void whatMirostatDidNotDrawItselfTeachesItNothing() {
    TokenSampler one = sampler(7, new Mirostat(2, 1, 0.5), null);
    TokenSampler other = sampler(7, new Mirostat(2, 1, 0.5), null);
    float[] row = {0.4f, 0.3f, 0.2f, 0.1f};
    for (int i = 0; i < 50; i++) {
      other.accept(3);
      assertThat(one.foresee(RandomRows.direct(row), 2)).isBetween(0, 3);
      int token = one.sample(RandomRows.direct(row));
      assertThat(other.sample(RandomRows.direct(row))).isEqualTo(token);
      one.accept(token);
      other.accept(token);
    }
  }

  @Test
  void whatIsForeseenIsDrawnThen() {
    Random random = new Random(4);
    for (int row = 0; row < 500; row++) {
      TokenSampler sampler = sampler(row, null, new Xtc(0.5, 0.05));
      FloatBuffer first = RandomRows.direct(RandomRows.probabilities(random, 50));
      FloatBuffer second = RandomRows.direct(RandomRows.probabilities(random, 50));
      int later = sampler.foresee(second, 1);
      int next = sampler.foresee(first, 0);
      assertThat(sampler.sample(first)).isEqualTo(next);
      assertThat(sampler.sample(second)).isEqualTo(later);
    }
  }

  @Test
  void theRulesApplyInTheDocumentedOrder() {
    DecodingRules rules =
        new DecodingRules(
            new int[] {0, 1, 2, 3, 4},
            List.of(new int[] {2}),
            4,
            new DryPenalty(1, 2, 1, Integer.MAX_VALUE, SequenceBreakers.NONE),
            null,
            null);
    SamplingParameters parameters =
        new SamplingParameters(0, 0, 1, 0, 1, 2, 0.5, 0, Map.of(1, 4f, 2, 9f), 1, 0)
            .withDecoding(rules);
    TokenSampler sampler = new TokenSampler(parameters, new int[] {0, 1, 0}, Set.of(3));
    FloatBuffer logits = RandomRows.direct(8, 8, 8, 8, 8, 8);
    sampler.process(logits);
    // 8 / 2; 8 / 2 - 1 + 4; a bad word; a stop token too early; free; not allowed.
    float none = Float.NEGATIVE_INFINITY;
    assertThat(RandomRows.values(logits)).containsExactly(4, 7, none, none, 8, none);
    sampler.accept(1);
    sampler.accept(0);
    logits = RandomRows.direct(8, 8, 8, 8, 8, 8);
    sampler.process(logits);
    // 8 / 2 - 0.5; 0 1 0 1 would be repeated; the rest as before but the stop token.
    assertThat(RandomRows.values(logits)).containsExactly(3.5f, none, none, 8, 8, none);
  }

  @Test
  void anExhaustedVocabularyIsSaid() {
    DecodingRules rules = new DecodingRules(new int[] {1, 2}, List.of(), 1, null, null, null);
    TokenSampler sampler =
        new TokenSampler(SamplingParameters.GREEDY.withDecoding(rules), new int[] {1}, Set.of());
    FloatBuffer logits = RandomRows.direct(1, 2, 3);
    sampler.process(logits);
    sampler.requireToken(logits);
    assertThat(sampler.argmax(logits)).isEqualTo(2);
    sampler.accept(2);
    sampler.process(logits);
    assertThat(sampler.leavesToken(logits)).isFalse();
    assertThatThrownBy(() -> sampler.requireToken(logits))
        .isInstanceOf(ExcludedTokensException.class)
        .hasMessage("Every token is excluded after 1 generated tokens.");
  }

  private static TokenSampler sampler(long seed, Mirostat mirostat, Xtc xtc) {
    SamplingParameters parameters =
        new SamplingParameters(1, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, seed)
            .withDecoding(new DecodingRules(null, List.of(), 0, null, xtc, mirostat));
    return new TokenSampler(parameters, NO_PROMPT, Set.of());
  }

  private Set<Integer> left() {
    Set<Integer> left = new TreeSet<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.probabilities()[i] > 0) {
        left.add(candidates.id(i));
      }
    }
    return left;
  }
}
