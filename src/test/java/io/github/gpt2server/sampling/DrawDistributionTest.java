package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The distribution of draws, against the definitions of the filters restated plainly. */
class DrawDistributionTest {

  @Test
  void everyTokenHasTheProbabilityAndTheFilterOfThePlainDefinitions() {
    Random random = new Random(11);
    Map<String, Integer> seen = new HashMap<>();
    for (int row = 0; row < 2000; row++) {
      float[] logits = RandomRows.logits(random, RandomRows.vocabularySize(random));
      float[] before = logits.clone();
      double temperature = 0.5 + random.nextDouble();
      SamplingParameters parameters =
          new SamplingParameters(
              temperature,
              random.nextInt(20),
              random.nextBoolean() ? 1 : random.nextDouble(),
              random.nextBoolean() ? 0 : random.nextDouble() / 5,
              random.nextBoolean() ? 1 : random.nextDouble(),
              1,
              0,
              0,
              Map.of(),
              0,
              row);
      if (row % 3 == 0) {
        // Certain in one row of six.
        double probability = Math.min(1, 2 * random.nextDouble());
        double threshold = 0.5 * Math.pow(random.nextDouble(), 3);
        parameters = with(parameters, new Xtc(probability, threshold), null);
      } else if (row % 3 == 1) {
        Mirostat mirostat = new Mirostat(1 + row % 2, 4 * random.nextDouble(), 0.1);
        parameters = with(parameters, null, mirostat);
      }

      DrawDistribution draws =
          new TokenSampler(parameters, new int[0], Set.of()).distribution(logits);

      assertThat(logits).isEqualTo(before);
      float[] probabilities = RandomRows.softmax(logits, temperature);
      Map<String, NavigableMap<Integer, Double>> stages = stages(probabilities, parameters);
      Map<Integer, Double> end = end(stages, parameters.decoding().xtc());
      double sum = 0;
      for (int token = 0; token < logits.length; token++) {
        assertThat((double) draws.probability(token))
            .as("row %d, token %d", row, token)
            .isCloseTo(end.getOrDefault(token, 0.0), within(1e-6));
        sum += draws.probability(token);
        if (logits[token] == Float.NEGATIVE_INFINITY) {
          assertThat(draws.removedBy(token)).isEqualTo("mask");
        } else if (probabilities[token] > 0) {
          String removedBy = removedBy(token, stages);
          assertThat(draws.removedBy(token))
              .as("row %d, token %d", row, token)
              .isEqualTo(removedBy);
          seen.merge(String.valueOf(removedBy), 1, Integer::sum);
        }
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
    assertThat(seen)
        .containsKeys("top_k", "typical_p", "top_p", "min_p", "xtc", "mirostat", "null");
  }

  @Test
  void penaltiesOverThePromptAndBiasesComeFirst() {
    float[] logits = {2, 1, -1, 0, 0};
    SamplingParameters parameters =
        new SamplingParameters(0.5, 3, 1, 0, 1, 2.0, 1.5, 0.5, Map.of(3, 1.5f), 1, 0);

    DrawDistribution draws =
        new TokenSampler(parameters, new int[] {0, 2, 2}, Set.of(4)).distribution(logits);

    // Presence and frequency count generated tokens, of which there are none.
    float[] expected = RandomRows.softmax(new float[] {1, 1, -2, 1.5f}, 0.5);
    double mass = expected[0] + expected[1] + expected[3];
    assertThat((double) draws.probability(0)).isCloseTo(expected[0] / mass, within(1e-6));
    assertThat((double) draws.probability(3)).isCloseTo(expected[3] / mass, within(1e-6));
    assertThat(draws.probability(2)).isZero();
    assertThat(draws.removedBy(2)).isEqualTo("top_k");
    assertThat(draws.removedBy(4)).isEqualTo("mask");
    assertThat(draws.removedBy(1)).isNull();
  }

  @Test
  void furtherRulesExcludeAndPenaliseToo() {
    DecodingRules rules =
        new DecodingRules(
            new int[] {0, 1, 2, 3, 4},
            List.of(new int[] {2}, new int[] {0, 4}),
            3,
            new DryPenalty(1, 2, 1, Integer.MAX_VALUE, SequenceBreakers.NONE),
            null,
            null);
    SamplingParameters parameters = SamplingParameters.DEFAULT.withDecoding(rules);
    float[] logits = {1, 2, 9, 2, 2, 9};

    DrawDistribution draws =
        new TokenSampler(parameters, new int[] {0, 3, 0, 1, 3, 0}, Set.of()).distribution(logits);

    // Of two tokens before, 3 0 is followed by 1; DRY also penalises 3, once, after 0 alone. The
    // prompt is no part of the second bad word.
    float[] expected = RandomRows.softmax(new float[] {1, 1, 2}, 1);
    assertThat((double) draws.probability(0)).isCloseTo(expected[0], within(1e-6));
    assertThat((double) draws.probability(3)).isCloseTo(expected[1], within(1e-6));
    assertThat((double) draws.probability(4)).isCloseTo(expected[2], within(1e-6));
    for (int excluded : new int[] {1, 2, 5}) {
      assertThat(draws.probability(excluded)).isZero();
      assertThat(draws.removedBy(excluded)).isEqualTo("mask");
    }
  }

  @Test
  void greedyIsCertain() {
    SamplingParameters parameters =
        new SamplingParameters(0, 2, 0.5, 0, 1, 1, 0, 0, Map.of(1, 5f), 1, 0);

    DrawDistribution draws =
        new TokenSampler(parameters, new int[0], Set.of(2)).distribution(new float[] {3, 0, 9, 2});

    assertThat(
            new float[] {
              draws.probability(0), draws.probability(1), draws.probability(2), draws.probability(3)
            })
        .containsExactly(0, 1, 0, 0);
    assertThat(draws.removedBy(0)).isNull();
    assertThat(draws.removedBy(2)).isEqualTo("mask");
  }

  @Test
  void withoutAnyTokenThereIsNoDistribution() {
    float[] none = new float[3];
    Arrays.fill(none, Float.NEGATIVE_INFINITY);
    for (SamplingParameters parameters :
        new SamplingParameters[] {SamplingParameters.DEFAULT, SamplingParameters.GREEDY}) {
      TokenSampler sampler = new TokenSampler(parameters, new int[0], Set.of());
      assertThatThrownBy(() -> sampler.distribution(none)).isInstanceOf(NoCandidateException.class);
    }
  }

  /** What each filter leaves, in their order. */
  private static Map<String, NavigableMap<Integer, Double>> stages(
      float[] probabilities, SamplingParameters parameters) {
    Map<String, NavigableMap<Integer, Double>> stages = new LinkedHashMap<>();
    NavigableMap<Integer, Double> left = PlainTruncation.distribution(probabilities);
    if (parameters.topK() > 0) {
      left = PlainTruncation.topK(left, parameters.topK());
      stages.put("top_k", left);
    }
    if (parameters.typicalP() < 1) {
      left = PlainTruncation.typicalP(left, parameters.typicalP());
      stages.put("typical_p", left);
    }
    if (parameters.topP() < 1) {
      left = PlainTruncation.topP(left, parameters.topP());
      stages.put("top_p", left);
    }
    if (parameters.minP() > 0) {
      left = PlainTruncation.minP(left, parameters.minP());
      stages.put("min_p", left);
    }
    Mirostat mirostat = parameters.decoding().mirostat();
    if (mirostat != null) {
      int version = mirostat.version();
      int vocabulary = probabilities.length;
      left = PlainTruncation.mirostat(version, left, vocabulary, 2 * mirostat.tau());
      stages.put("mirostat", left);
    }
    Xtc xtc = parameters.decoding().xtc();
    if (xtc != null) {
      stages.put("xtc", xtc.probability() == 1 ? PlainTruncation.xtc(left, xtc.threshold()) : left);
    }
    stages.put("end", left);
    return stages;
  }

  /** Both cases of XTC, each with its probability. */
  private static Map<Integer, Double> end(
      Map<String, NavigableMap<Integer, Double>> stages, Xtc xtc) {
    NavigableMap<Integer, Double> left = stages.remove("end");
    if (xtc == null) {
      return left;
    }
    NavigableMap<Integer, Double> others = PlainTruncation.xtc(left, xtc.threshold());
    Map<Integer, Double> mixed = new HashMap<>();
    left.forEach(
        (token, p) ->
            mixed.put(
                token,
                (1 - xtc.probability()) * p + xtc.probability() * others.getOrDefault(token, 0.0)));
    return mixed;
  }

  private static SamplingParameters with(SamplingParameters other, Xtc xtc, Mirostat mirostat) {
    return other.withDecoding(new DecodingRules(null, List.of(), 0, null, xtc, mirostat));
  }

  private static String removedBy(int token, Map<String, NavigableMap<Integer, Double>> stages) {
    for (Map.Entry<String, NavigableMap<Integer, Double>> stage : stages.entrySet()) {
      if (!stage.getValue().containsKey(token)) {
        return stage.getKey();
      }
    }
    return null;
  }
}
