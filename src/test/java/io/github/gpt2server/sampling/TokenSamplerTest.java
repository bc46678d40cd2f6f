package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {

  private static final int[] NO_PROMPT = {};

  @Test
  void argmaxIsTheLargestLogitAndTheLowestIdOnTies() {
    Random random = new Random(1);
    TokenSampler sampler = new TokenSampler(SamplingParameters.GREEDY, NO_PROMPT, Set.of());
    for (int row = 0; row < 4000; row++) {
      float[] logits = RandomRows.logits(random, RandomRows.vocabularySize(random));
      int expected = logits.length - 1;
      for (int t = logits.length - 1; t >= 0; t--) {
        expected = logits[t] >= logits[expected] ? t : expected;
      }
      assertThat(sampler.argmax(RandomRows.direct(logits))).as("row %d", row).isEqualTo(expected);
    }
  }

  @Test
  void argmaxPassesOverNan() {
    TokenSampler sampler = new TokenSampler(SamplingParameters.GREEDY, NO_PROMPT, Set.of());
    assertThat(sampler.argmax(RandomRows.direct(Float.NaN, -2, Float.NaN, -1))).isEqualTo(3);
    assertThat(sampler.argmax(RandomRows.direct(-Float.MAX_VALUE))).isZero();
  }

  @Test
  void argmaxRefusesARowWithoutAnyNumber() {
    TokenSampler sampler = new TokenSampler(SamplingParameters.GREEDY, NO_PROMPT, Set.of());
    assertThatThrownBy(() -> sampler.argmax(RandomRows.direct(Float.NaN, Float.NaN)))
        .isInstanceOf(NoCandidateException.class)
        .hasMessage(
            "No token can be picked: every logit of the next token is NaN or negative infinity.");
    assertThatThrownBy(() -> sampler.argmax(RandomRows.direct(Float.NEGATIVE_INFINITY)))
        .isInstanceOf(NoCandidateException.class);
  }

  @Test
  void whatIsForeseenIsDrawnThen() {
    Random random = new Random(8);
    SamplingParameters parameters = truncating(20, 0.9, 0.01, 1, 17);
    TokenSampler sampler = new TokenSampler(parameters, NO_PROMPT, Set.of());
    TokenSampler other = new TokenSampler(parameters, NO_PROMPT, Set.of());
    for (int i = 0; i < 200; i++) {
      List<FloatBuffer> rows = new ArrayList<>();
      List<Integer> foreseen = new ArrayList<>();
      for (int ahead = 0; ahead < random.nextInt(5); ahead++) {
        FloatBuffer row = RandomRows.direct(RandomRows.probabilities(random, 50));
        rows.add(row);
        foreseen.add(sampler.foresee(row, ahead));
        assertThat(sampler.foresee(row, ahead)).isEqualTo(foreseen.get(ahead));
      }
      // Not all of them come to pass, and some draws were not foreseen.
      for (int draw = 0; draw < random.nextInt(5); draw++) {
        boolean known = draw < rows.size();
        FloatBuffer row =
            known ? rows.get(draw) : RandomRows.direct(RandomRows.probabilities(random, 50));
        int token = sampler.sample(row);
        assertThat(token).isEqualTo(other.sample(row));
        if (known) {
          assertThat(token).isEqualTo(foreseen.get(draw));
        }
      }
    }
  }

  @Test
  void sampleRefusesNanWhateverTheFilters() {
    FloatBuffer row = RandomRows.direct(0.5f, Float.NaN, 0.5f);
    for (SamplingParameters parameters :
        List.of(truncating(0, 1, 0, 1, 1), truncating(2, 0.9, 0.1, 0.9, 1))) {
      assertThatThrownBy(() -> new TokenSampler(parameters, NO_PROMPT, Set.of()).sample(row))
          .isInstanceOf(NoCandidateException.class)
          .hasMessage("No token can be drawn: the probabilities of the next token sum to NaN.");
    }
  }

  /** Whatever a request may ask for, at its limits: a token is left, and none of probability 0. */
  @Test
  void extremeParametersAlwaysLeaveAToken() {
    Random random = new Random(11);
    double least = SamplingParameters.LEAST_TEMPERATURE;
    for (int i = 0; i < 4000; i++) {
      int vocabulary = 1 + random.nextInt(40);
      float scale = pick(random, 0f, 1e-3f, 1f, 100f, 1e6f, Float.MAX_VALUE / 2);
      float[] logits = new float[vocabulary];
      for (int token = 0; token < vocabulary; token++) {
        logits[token] = (float) random.nextGaussian() * scale - pick(random, 0f, 100f);
        logits[token] = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, logits[token]));
      }
      Map<Integer, Float> bias = new HashMap<>();
      for (int token = random.nextInt(2); token < vocabulary; token++) {
        bias.put(token, pick(random, -100f, 100f, 0f));
      }
      SamplingParameters parameters =
          new SamplingParameters(
              pick(random, 0d, least, 1e-6, 0.01, 1d, 2d),
              pick(random, 0, 1, 2, Integer.MAX_VALUE),
              pick(random, 0d, 1e-320, 1e-9, 0.5, 1d),
              pick(random, 0d, 1e-320, 0.5, 1d),
              pick(random, 0d, 1e-320, 1e-9, 0.5, 1d),
              pick(random, 0.01, 1d, 100d),
              pick(random, -2d, 0d, 2d),
              pick(random, -2d, 0d, 2d),
              random.nextBoolean() ? bias : Map.of(),
              random.nextInt(3),
              i);
      TokenSampler sampler =
          new TokenSampler(parameters, new int[] {0, 0}, vocabulary > 1 ? Set.of(0) : Set.of());
      for (int step = 0; step < 3; step++) {
        FloatBuffer row = RandomRows.direct(logits.clone());
        sampler.process(row);
        float[] edited = RandomRows.values(row);
        int token;
        if (sampler.greedy()) {
          token = sampler.argmax(row);
        } else {
          float[] probabilities = softmax(edited, (float) parameters.temperature());
          token = sampler.sample(RandomRows.direct(probabilities));
          assertThat(probabilities[token]).as("%s", parameters).isPositive();
        }
        assertThat(edited[token]).as("%s", parameters).isFinite();
        sampler.accept(token);
      }
    }
  }

  @SafeVarargs
  private static <T> T pick(Random random, T... values) {
    return values[random.nextInt(values.length)];
  }

  /** In float32, as libtorch computes it: the quotients first, which may not overflow. */
  private static float[] softmax(float[] logits, float temperature) {
    float[] quotients = new float[logits.length];
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      double quotient = logits[i] / (double) temperature;
      // Such logits stand for a model whose output is invalid, not for a temperature.
      quotients[i] =
          logits[i] == Float.NEGATIVE_INFINITY
              ? logits[i]
              : (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, quotient));
      largest = Math.max(largest, quotients[i]);
    }
    double sum = 0;
    for (float quotient : quotients) {
      sum += Math.exp(quotient - largest);
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (Math.exp(quotients[i] - largest) / sum);
    }
    return probabilities;
  }

  @Test
  void processorsApplyInTheDocumentedOrder() {
    SamplingParameters parameters =
        new SamplingParameters(0.7, 0, 1, 0, 1, 2, 0.5, 0.25, Map.of(0, 4f, 1, 4f, 2, 100f), 3, 1);
    TokenSampler sampler = new TokenSampler(parameters, new int[] {0}, Set.of(2));
    assertThat(sampler.greedy()).isFalse();
    assertThat(sampler.temperature()).isEqualTo(0.7);
    sampler.accept(1);
    sampler.accept(1);
    FloatBuffer logits = RandomRows.direct(8, 8, 8, -1);
    sampler.process(logits);
    // 8 / 2 + 4; 8 / 2 - (0.5 + 2 * 0.25) + 4; a stop token, whatever its bias; untouched.
    assertThat(RandomRows.values(logits)).containsExactly(8, 7, Float.NEGATIVE_INFINITY, -1);
    sampler.accept(3);
    FloatBuffer later = RandomRows.direct(8, 8, 8, -1);
    sampler.process(later);
    assertThat(RandomRows.values(later)).containsExactly(8, 7, 108, -2.75f);
  }

  @Test
  void editsLogitsTellsWhetherTheNextTokenNeedsIt() {
    TokenSampler greedy = new TokenSampler(SamplingParameters.GREEDY, new int[] {1}, Set.of(0));
    greedy.accept(1);
    assertThat(greedy.greedy()).isTrue();
    assertThat(greedy.editsLogits()).isFalse();

    SamplingParameters presence = new SamplingParameters(1, 0, 1, 0, 1, 1, 0.5, 0, Map.of(), 0, 0);
    TokenSampler penalised = new TokenSampler(presence, new int[] {1}, Set.of());
    assertThat(penalised.editsLogits()).isFalse();
    penalised.accept(2);
    assertThat(penalised.editsLogits()).isTrue();

    SamplingParameters minimum = new SamplingParameters(1, 0, 1, 0, 1, 1, 0, 0, Map.of(), 2, 0);
    TokenSampler atLeastTwo = new TokenSampler(minimum, NO_PROMPT, Set.of(0));
    atLeastTwo.accept(5);
    assertThat(atLeastTwo.editsLogits()).isTrue();
    atLeastTwo.accept(5);
    assertThat(atLeastTwo.editsLogits()).isFalse();
  }

  @Test
  void anyCompositionOfFiltersDrawsWhatThePlainCompositionDraws() {
    Random random = new Random(2);
    Candidates shared = new Candidates();
    for (int row = 0; row < 4000; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      SamplingParameters parameters =
          truncating(
              random.nextBoolean() ? 0 : 1 + random.nextInt(30),
              random.nextBoolean() ? 1 : random.nextDouble(),
              random.nextBoolean() ? 0 : Math.exp(-8 * random.nextDouble()),
              random.nextBoolean() ? 1 : random.nextDouble(),
              random.nextLong());
      double u = (new SplittableRandom(parameters.seed()).nextLong() >>> 11) * 0x1.0p-53;
      TokenSampler sampler = new TokenSampler(parameters, NO_PROMPT, Set.of(), () -> shared);
      assertThat(sampler.sample(RandomRows.direct(p)))
          .as("row %d, %s", row, parameters)
          .isEqualTo(PlainTruncation.draw(PlainTruncation.all(p, parameters), u));
    }
  }

  /** Computed by an independent SplitMix64 and plain loops. */
  @Test
  void aSeedGivesTheSameDrawsOnEveryJdk() {
    assertThat(draws(truncating(0, 1, 0, 1, 42), 10))
        .containsExactly(1722, 800, 1055, 1173, 390, 1863, 934, 1789, 1166, 1572);
    assertThat(draws(truncating(50, 0.9, 0.01, 0.95, 42), 10))
        .containsExactly(1987, 1962, 1967, 1970, 1956, 1993, 1964, 1990, 1970, 1982);
    assertThat(draws(truncating(0, 1, 0, 1, -1), 10))
        .containsExactly(1890, 1910, 937, 1305, 1680, 1816, 1941, 1003, 1754, 221);
  }

  @Test
  void differentSeedsDrawDifferently() {
    List<List<Integer>> all = new ArrayList<>();
    for (long seed = 0; seed < 200; seed++) {
      all.add(draws(truncating(0, 1, 0, 1, seed), 20));
    }
    assertThat(all).doesNotHaveDuplicates();
  }

  @Test
  void samplersThatShareMemoryDoNotDisturbEachOther() {
    Candidates shared = new Candidates();
    SamplingParameters first = truncating(7, 0.9, 0, 1, 1);
    SamplingParameters second = truncating(0, 1, 0.2, 0.8, 2);
    TokenSampler one = new TokenSampler(first, NO_PROMPT, Set.of(), () -> shared);
    TokenSampler other = new TokenSampler(second, NO_PROMPT, Set.of(), () -> shared);
    List<Integer> ofOne = new ArrayList<>();
    List<Integer> ofOther = new ArrayList<>();
    FloatBuffer row = RandomRows.direct(ramp());
    for (int i = 0; i < 20; i++) {
      ofOne.add(one.sample(row));
      ofOther.add(other.sample(row));
    }
    assertThat(ofOne).isEqualTo(draws(first, 20));
    assertThat(ofOther).isEqualTo(draws(second, 20));
  }

  @Test
  void sampleOnlyReadsTheRow() {
    float[] ramp = ramp();
    FloatBuffer row = RandomRows.direct(ramp).asReadOnlyBuffer();
    new TokenSampler(truncating(7, 0.9, 0.1, 0.9, 1), NO_PROMPT, Set.of()).sample(row);
    assertThat(RandomRows.values(row)).isEqualTo(ramp);
    assertThat(row.position()).isZero();
  }

  private static List<Integer> draws(SamplingParameters parameters, int count) {
    TokenSampler sampler = new TokenSampler(parameters, NO_PROMPT, Set.of());
    FloatBuffer row = RandomRows.direct(ramp());
    List<Integer> draws = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      draws.add(sampler.sample(row));
    }
    return draws;
  }

  /** 2,000 tokens whose probabilities grow with their ids. */
  private static float[] ramp() {
    float[] ramp = new float[2000];
    for (int i = 0; i < ramp.length; i++) {
      ramp[i] = i / (ramp.length * (ramp.length - 1) / 2f);
    }
    return ramp;
  }

  private static SamplingParameters truncating(
      int topK, double topP, double minP, double typicalP, long seed) {
    return new SamplingParameters(1, topK, topP, minP, typicalP, 1, 0, 0, Map.of(), 0, seed);
  }
}
