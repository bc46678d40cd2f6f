package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.analysis.ChoiceRequests.Rows;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent.PromptRead;
import java.util.ArrayList;
import java.util.Arrays;
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
    List<int[]> tokens = List.of(new int[] {0}, new int[] {1, 2}, new int[] {2});
    List<SequenceRequest> requests = requests(tokens, Rows.NEEDED).requests();
    assertThat(requests).hasSize(2);
    assertThat(requests.get(0).prompt()).containsExactly(7, 8);
    assertThat(requests.get(1).prompt()).containsExactly(7, 8, 1, 2);
    assertThat(requests.get(1).promptProbabilities().scoredFrom()).isEqualTo(2);
    ChoiceProbabilities choices = read(tokens);
    assertThat(logprobs(tokens))
        .containsExactly(
            new double[] {Math.log(0.5), Math.log(0.3 * 0.25), Math.log(0.2)}, within(1e-6));
    assertThat(choices.logMass()).isCloseTo(Math.log(0.5 + 0.075 + 0.2), within(1e-6));
    assertThat(choices.likeliest()).isZero();
  }

  @Test
  void longChoicesNeedNoDistribution() {
    List<int[]> tokens = List.of(new int[] {1, 2}, new int[] {0, 1});
    assertThat(requests(tokens, Rows.NEEDED).requests())
        .hasSize(2)
        .allMatch(request -> request.prompt().length == 4);
    assertThat(requests(tokens, Rows.PROMPT).requests()).hasSize(3);
  }

  @Test
  void beginningsAreReadOnceEach() {
    List<int[]> tokens =
        List.of(new int[] {1, 2, 0}, new int[] {1, 2, 1}, new int[] {1}, new int[] {0, 1});
    ChoiceRequests requests = requests(tokens, Rows.CHOICES);
    List<PromptRead> answers = new ArrayList<>();
    for (SequenceRequest request : requests.requests()) {
      // Says what was read.
      answers.add(new PromptRead(0, new float[] {Arrays.hashCode(request.prompt())}, null));
    }
    // The prompt, three scores, and 1, 1 2, 0 after the prompt.
    assertThat(answers).hasSize(7);
    for (int choice = 0; choice < tokens.size(); choice++) {
      for (int length = 0; length < tokens.get(choice).length; length++) {
        int[] read = Arrays.copyOf(PROMPT, 2 + length);
        System.arraycopy(tokens.get(choice), 0, read, 2, length);
        assertThat(requests.logits(answers, choice, length)).containsExactly(Arrays.hashCode(read));
      }
    }
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
    ChoiceProbabilities choices = new ChoiceProbabilities(new double[] {-2000, -2001});
    assertThat(choices.likeliest()).isZero();
    assertThat(choices.conditional(1)[1] / choices.conditional(1)[0])
        .isCloseTo((float) Math.exp(-1), within(1e-6f));
    assertThat(choices.logMass()).isCloseTo(-2000 + Math.log(1 + Math.exp(-1)), within(1e-9));
  }

  /** Answers: the distribution above, and 0.3 × 0.25 for each longer choice. */
  private static double[] logprobs(List<int[]> tokens) {
    ChoiceRequests requests = requests(tokens, Rows.NEEDED);
    List<PromptRead> answers = new ArrayList<>();
    for (SequenceRequest request : requests.requests()) {
      answers.add(
          request.promptProbabilities().nextTokenLogits()
              ? new PromptRead(0, LOGITS.clone(), null)
              : scored((float) Math.log(0.3), (float) Math.log(0.25)));
    }
    return requests.logprobs(answers, requests.distribution(answers));
  }

  private static ChoiceProbabilities read(List<int[]> tokens) {
    return new ChoiceProbabilities(logprobs(tokens));
  }

  private static ChoiceRequests requests(List<int[]> tokens, Rows rows) {
    return new ChoiceRequests(PROMPT, tokens, 1, "", rows);
  }

  private static PromptRead scored(float... logprobs) {
    return new PromptRead(
        0,
        null,
        new PromptScores(
            logprobs, new float[logprobs.length], new int[logprobs.length], new ArrayList<>()));
  }
}
