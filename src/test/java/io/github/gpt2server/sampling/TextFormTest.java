package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TextFormTest {

  @Test
  void onlyTokensOfTheFormAreSampledUntilItIsComplete() {
    TokenSampler sampler = sampler(1, false);
    assertThat(sampler.editsLogits()).isTrue();
    for (List<Integer> allowed : Fixed.STEPS) {
      assertThat(sampler.complete()).isFalse();
      FloatBuffer logits = row(5, 4, 3, 2);
      sampler.process(logits);
      for (int token = 0; token < 4; token++) {
        assertThat(logits.get(token))
            .isEqualTo(allowed.contains(token) ? 5f - token : Float.NEGATIVE_INFINITY);
      }
      sampler.accept(sampler.argmax(logits));
    }
    assertThat(sampler.complete()).isTrue();
  }

  @Test
  void theFormDecidesAfterBiasAndMinimumLength() {
    SamplingParameters parameters =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(0, 100f), 1, 0)
            .withForm(new TextForm(Fixed::new, false));
    TokenSampler sampler = new TokenSampler(parameters, new int[] {0}, Set.of(3));
    FloatBuffer logits = row(5, 4, 3, 2);
    sampler.process(logits);
    assertThat(sampler.argmax(logits)).isEqualTo(1);
    // Excluded by the minimum length, though the form allows it.
    assertThat(logits.get(3)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void theMassIsThatOfTheUneditedLogits() {
    SamplingParameters parameters =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(1, -100f), 0, 0)
            .withForm(new TextForm(Fixed::new, true));
    TokenSampler sampler = new TokenSampler(parameters, new int[] {0}, Set.of());
    assertThat(sampler.logMass()).isNaN();
    sampler.process(row(5, 4, 3, 2));
    assertThat(sampler.logMass()).isEqualTo(4 + 2);
  }

  @Test
  void theMassIsNotComputedUnlessReported() {
    TokenSampler sampler = sampler(1, false);
    sampler.process(row(5, 4, 3, 2));
    assertThat(sampler.logMass()).isNaN();
  }

  @Test
  void theLikeliestTokenIsPickedAsItIsWhereTheFormAllowsIt() {
    TokenSampler greedy = sampler(0, false);
    assertThat(greedy.picks(1)).isTrue();
    assertThat(greedy.picks(0)).isFalse();
    assertThat(sampler(1, false).picks(1)).isFalse();
    assertThat(sampler(0, true).picks(1)).isFalse();
    SamplingParameters biased =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(3, 9f), 0, 0)
            .withForm(new TextForm(Fixed::new, false));
    assertThat(new TokenSampler(biased, new int[] {0}, Set.of()).picks(1)).isFalse();
    assertThat(new TokenSampler(SamplingParameters.GREEDY, new int[] {0}, Set.of()).picks(1))
        .isFalse();
  }

  @Test
  void eachSamplerHasItsOwnPlaceInTheForm() {
    TokenSampler first = sampler(1, false);
    first.accept(1);
    assertThat(sampler(1, false).complete()).isFalse();
    first.accept(2);
    assertThat(first.complete()).isTrue();
  }

  @Test
  void draftTokensMoveTheFormOnUntilTheyAreDropped() {
    TokenSampler sampler = sampler(1, false);
    assertThat(sampler.draft(3)).isTrue();
    FloatBuffer second = row(5, 4, 3, 2);
    sampler.process(second);
    assertThat(sampler.argmax(second)).isEqualTo(2);
    assertThat(sampler.draft(2)).as("a token may follow a complete text").isFalse();
    sampler.dropDraft();
    assertThat(sampler.complete()).isFalse();
    FloatBuffer first = row(5, 4, 3, 2);
    sampler.process(first);
    assertThat(sampler.argmax(first)).isEqualTo(1);
    assertThat(sampler.draft(0)).as("the form allows the draft token").isFalse();
    sampler.dropDraft();
    sampler.accept(1);
    sampler.accept(2);
    assertThat(sampler.complete()).isTrue();
  }

  @Test
  void draftTokensCountForPenaltiesUntilTheyAreDropped() {
    SamplingParameters parameters =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 1, 0.5, Map.of(), 0, 0);
    TokenSampler sampler = new TokenSampler(parameters, new int[] {0}, Set.of());
    sampler.accept(1);
    assertThat(sampler.draft(1)).isTrue();
    assertThat(sampler.draft(2)).isTrue();
    FloatBuffer ahead = row(5, 4, 3, 2);
    sampler.process(ahead);
    assertThat(ahead.array()).containsExactly(5, 2, 1.5f, 2);
    sampler.dropDraft();
    FloatBuffer next = row(5, 4, 3, 2);
    sampler.process(next);
    assertThat(next.array()).containsExactly(5, 2.5f, 3, 2);
  }

  private static TokenSampler sampler(double temperature, boolean reportsMass) {
    SamplingParameters parameters =
        new SamplingParameters(temperature, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 0)
            .withForm(new TextForm(Fixed::new, reportsMass));
    return new TokenSampler(parameters, new int[] {0}, Set.of());
  }

  private static FloatBuffer row(float... logits) {
    return FloatBuffer.wrap(logits);
  }

  /** Texts of two tokens of fixed sets; its mass is the sum of what it allows. */
  private static final class Fixed implements TokenConstraint {
    static final List<List<Integer>> STEPS = List.of(List.of(1, 3), List.of(2));

    private int step;

    @Override
    public void exclude(FloatBuffer logits) {
      for (int token = 0; token < logits.limit(); token++) {
        if (!STEPS.get(step).contains(token)) {
          logits.put(token, Float.NEGATIVE_INFINITY);
        }
      }
    }

    @Override
    public boolean allows(int token) {
      return STEPS.get(step).contains(token);
    }

    @Override
    public double logMass(FloatBuffer logits) {
      return STEPS.get(step).stream().mapToDouble(logits::get).sum();
    }

    @Override
    public void accept(int token) {
      assertThat(STEPS.get(step)).contains(token);
      step++;
    }

    @Override
    public TokenConstraint copy() {
      Fixed copy = new Fixed();
      copy.step = step;
      return copy;
    }

    @Override
    public boolean complete() {
      return step == STEPS.size();
    }
  }
}
