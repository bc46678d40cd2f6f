package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LastWordTest {

  @Test
  void theWordKeepsTheWhiteSpaceBeforeIt() {
    assertThat(LastWord.of("a golden key")).isEqualTo(new LastWord("a golden", " key"));
    assertThat(LastWord.of("a golden key \n")).isEqualTo(new LastWord("a golden", " key"));
    assertThat(LastWord.of("two  spaces")).isEqualTo(new LastWord("two", "  spaces"));
    assertThat(LastWord.of("a line\n word")).isEqualTo(new LastWord("a line", "\n word"));
  }

  @Test
  void aLineBreakAloneDoesNotCut() {
    assertThat(LastWord.of("he said\nno")).isEqualTo(new LastWord("he", " said\nno"));
  }

  @Test
  void aSingleWordHasNothingBeforeItButASpace() {
    assertThat(LastWord.of("key")).isEqualTo(new LastWord("", " key"));
    assertThat(LastWord.of("  key")).isEqualTo(new LastWord("", " key"));
  }

  @Test
  void totalsAreMeansOverPassages() {
    LastWordTotals totals =
        LastWordTotals.ZERO
            .plus(new ScoringPass.Scores(new double[] {-1, -2}, new int[] {1, 1}))
            .plus(new ScoringPass.Scores(new double[] {-3}, new int[] {2}))
            .plus(new ScoringPass.Scores(new double[] {0, -6}, new int[] {1, 7}))
            .plus(new ScoringPass.Scores(new double[] {0}, new int[] {1}));

    assertThat(totals.accuracy()).isEqualTo(0.5);
    assertThat(totals.accuracyStandardError()).isCloseTo(Math.sqrt(0.25 / 3), within(1e-12));
    assertThat(totals.perplexity()).isCloseTo(Math.exp(3), within(1e-9));
  }
}
