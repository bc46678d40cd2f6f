package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScoringPassTest {

  @Test
  void withoutOverlapAPassAlsoScoresTheTokenAfterThoseItReads() {
    List<ScoringPass> passes = ScoringPass.cover(tokens(9), 4, 0);

    assertThat(passes.stream().map(ScoringPass::tokens))
        .containsExactly(new int[] {0, 1, 2, 3, 4}, new int[] {4, 5, 6, 7, 8});
    assertThat(passes.stream().map(ScoringPass::scoredFrom)).containsExactly(1, 1);
    assertThat(passes.get(0).request().prompt()).containsExactly(0, 1, 2, 3);
  }

  @Test
  void everyTokenButTheFirstIsScoredOnceAndNoPassReadsMoreThanTheContext() {
    for (int context = 2; context < 9; context++) {
      for (int stride = 0; stride < context; stride++) {
        for (int length = 0; length < 30; length++) {
          List<Integer> scored = new ArrayList<>();
          for (ScoringPass pass : ScoringPass.cover(tokens(length), context, stride)) {
            assertThat(pass.request().prompt()).hasSizeBetween(1, context);
            IntStream.range(pass.scoredFrom(), pass.tokens().length)
                .forEach(i -> scored.add(pass.tokens()[i]));
          }
          assertThat(scored).isEqualTo(IntStream.range(1, length).boxed().toList());
        }
      }
    }
  }

  @Test
  void aContinuationKeepsTheEndOfAPromptThatIsTooLong() {
    ScoringPass fits = ScoringPass.of(new int[] {1, 2, 3}, new int[] {8, 9}, 4);
    assertThat(fits.tokens()).containsExactly(1, 2, 3, 8, 9);
    assertThat(fits.scoredFrom()).isEqualTo(3);
    assertThat(fits.scoredTokens()).isEqualTo(2);

    ScoringPass cut = ScoringPass.of(new int[] {1, 2, 3}, new int[] {7, 8, 9}, 4);
    assertThat(cut.tokens()).containsExactly(2, 3, 7, 8, 9);
    assertThat(cut.scoredFrom()).isEqualTo(2);
  }

  @Test
  void theLastTokensScoreComesFromTheLogitsAfterThePrompt() {
    ScoringPass pass = new ScoringPass(new int[] {5, 0, 2}, 1);
    SequenceRequest request = pass.request();
    assertThat(request.prompt()).containsExactly(5, 0);
    assertThat(request.maxTokens()).isZero();
    assertThat(request.promptProbabilities().scoredFrom()).isEqualTo(1);
    assertThat(request.promptProbabilities().nextTokenLogits()).isTrue();

    float[] logits = {0, (float) Math.log(2), 0};
    ScoringPass.Scores scores =
        pass.scores(
            new SequenceEvent.PromptRead(
                0,
                logits,
                new PromptScores(new float[] {-0.5f}, new float[1], new int[] {1}, List.of())));

    assertThat(scores.logprobs()[0]).isEqualTo(-0.5);
    assertThat(scores.logprobs()[1]).isCloseTo(-Math.log(4), within(1e-6));
    assertThat(scores.logLikelihood()).isCloseTo(-0.5 - Math.log(4), within(1e-6));
    assertThat(scores.ranks()).containsExactly(1, 3);
    assertThat(scores.greedy()).isFalse();
    assertThat(new ScoringPass.Scores(new double[2], new int[] {1, 1}).greedy()).isTrue();
  }

  private static int[] tokens(int count) {
    return IntStream.range(0, count).toArray();
  }
}
