package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChoiceProbabilitiesTest {
  private static final int[] PROMPT = {7, 8};

  /** Token 0 has the probability 0.5, token 1 0.3, token 2 0.2. */
  private static final float[] LOGITS = {
    (float) Math.log(5), (float) Math.log(3), (float) Math.log(2)
  };

  @Test
  void shortChoicesShareADistributionAndLongOnesAreScored() {
    ChoiceProbabilities choices = read(List.of(new int[] {0}, new int[] {1, 2}, new int[] {2}));
    assertThat(choices.requests()).hasSize(2);
    assertThat(choices.requests().get(0).prompt()).containsExactly(7, 8);
    assertThat(choices.requests().get(1).prompt()).containsExactly(7, 8, 1, 2);
    assertThat(choices.requests().get(1).promptProbabilities().scoredFrom()).isEqualTo(2);
    assertThat(choices.logprobs())
        .containsExactly(
            new double[] {Math.log(0.5), Math.log(0.3 * 0.25), Math.log(0.2)}, within(1e-6));
    assertThat(choices.logMass()).isCloseTo(Math.log(0.5 + 0.075 + 0.2), within(1e-6));
    assertThat(choices.likeliest()).isZero();
  }

  @Test
  void longChoicesNeedNoDistribution() {
    ChoiceProbabilities choices = read(List.of(new int[] {1, 2}, new int[] {0, 1}));
    assertThat(choices.requests()).hasSize(2).allMatch(request -> request.prompt().length == 4);
  }

  @Test
  void conditionalProbabilitiesAreThoseOfTheChoicesAlone() {
    ChoiceProbabilities choices = read(List.of(new int[] {1}, new int[] {2}));
    assertThat(choices.conditional(1)).containsExactly(new float[] {0.6f, 0.4f}, within(1e-6f));
    // Squares, because 1 / 0.5 is 2.
    assertThat(choices.conditional(0.5))
        .containsExactly(new float[] {9f / 13, 4f / 13}, within(1e-6f));
  }

  @Test
  void veryUnlikelyChoicesAreComparedToo() {
    ChoiceProbabilities choices =
        new ChoiceProbabilities(PROMPT, List.of(new int[] {1, 1}, new int[] {2, 2}), "");
    for (int i = 0; i < 2; i++) {
      choices.read(i, scored(-2000f - i));
    }
    assertThat(choices.likeliest()).isZero();
    assertThat(choices.conditional(1)[1] / choices.conditional(1)[0])
        .isCloseTo((float) Math.exp(-1), within(1e-6f));
    assertThat(choices.logMass()).isCloseTo(-2000 + Math.log(1 + Math.exp(-1)), within(1e-9));
  }

  /** Answers: the distribution above, and 0.3 × 0.25 for each longer choice. */
  private static ChoiceProbabilities read(List<int[]> tokens) {
    ChoiceProbabilities choices = new ChoiceProbabilities(PROMPT, tokens, "");
    for (int i = 0; i < choices.requests().size(); i++) {
      choices.read(
          i,
          choices.requests().get(i).promptProbabilities().nextTokenLogits()
              ? new SequenceEvent.PromptRead(i, LOGITS.clone(), null)
              : scored((float) Math.log(0.3), (float) Math.log(0.25)));
    }
    return choices;
  }

  private static SequenceEvent.PromptRead scored(float... logprobs) {
    return new SequenceEvent.PromptRead(
        0,
        null,
        new PromptScores(
            logprobs, new float[logprobs.length], new int[logprobs.length], new ArrayList<>()));
  }
}
