package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScoringWindowTest {

  @Test
  void aTextThatFitsIsOneWindow() {
    assertThat(ScoringWindow.cover(1, 8, 4)).containsExactly(new ScoringWindow(0, 1, 1));
    assertThat(ScoringWindow.cover(8, 8, 4)).containsExactly(new ScoringWindow(0, 8, 1));
  }

  @Test
  void laterWindowsScoreWhatTheEarlierDidNotHold() {
    assertThat(ScoringWindow.cover(15, 8, 4))
        .containsExactly(
            new ScoringWindow(0, 8, 1), new ScoringWindow(4, 12, 4), new ScoringWindow(8, 15, 4));
  }

  /** Each token once, in the first window that holds it; no window larger than the context. */
  @Test
  void everyTokenButTheFirstIsScoredOnce() {
    for (int context = 2; context < 12; context++) {
      for (int stride = 1; stride < context; stride++) {
        for (int tokens = 1; tokens < 40; tokens++) {
          List<ScoringWindow> windows = ScoringWindow.cover(tokens, context, stride);
          int next = 1;
          for (ScoringWindow window : windows) {
            assertThat(window.end() - window.start()).isLessThanOrEqualTo(context);
            assertThat(window.start() + window.scoredFrom()).isEqualTo(next);
            assertThat(window.scoredFrom()).isPositive();
            next = window.end();
          }
          assertThat(next).isEqualTo(tokens);
          assertThat(windows.stream().mapToInt(ScoringWindow::scoredTokens).sum())
              .isEqualTo(tokens - 1);
        }
      }
    }
  }

  @Test
  void totalsDivideTheSurprisalByEachLength() {
    TextTotals totals = TextTotals.of("ab \u00e9  \ud83d\udc09", -3 * Math.log(2), 3);
    assertThat(totals.logLikelihood()).isEqualTo(-3 * Math.log(2));
    assertThat(totals.scoredTokens()).isEqualTo(3);
    assertThat(totals.perplexity()).isEqualTo(2);
    assertThat(totals.bitsPerToken()).isEqualTo(1);
    assertThat(totals.bitsPerByte()).isEqualTo(3 / 11.0);
    assertThat(totals.bitsPerCharacter()).isEqualTo(3 / 7.0);
    assertThat(totals.bitsPerWord()).isEqualTo(1);
  }

  @Test
  void severalTextsAddUp() {
    TextSize size = TextSize.of("a b").plus(TextSize.of("\u00e9"));
    assertThat(size).isEqualTo(new TextSize(5, 4, 3));
    TextTotals totals = TextTotals.of(size, -6 * Math.log(2), 4);
    assertThat(totals.bitsPerToken()).isEqualTo(1.5);
    assertThat(totals.bitsPerWord()).isEqualTo(2);
    assertThat(totals.wordPerplexity()).isEqualTo(4);
  }

  @Test
  void withoutTokensThereIsNothingToDivide() {
    assertThat(TextTotals.of("", 0, 0))
        .isEqualTo(new TextTotals(0, 0, null, null, null, null, null));
    assertThat(TextTotals.of("", 0, 0).wordPerplexity()).isNull();
    assertThat(TextTotals.of("a", 0, 0))
        .isEqualTo(new TextTotals(0, 0, null, null, null, null, null));
  }

  @Test
  void aPerplexityThatIsTooLargeForADoubleIsNull() {
    TextTotals totals = TextTotals.of("a b", -2e4, 2);
    assertThat(totals.perplexity()).isNull();
    assertThat(totals.wordPerplexity()).isNull();
    assertThat(totals.bitsPerToken()).isEqualTo(1e4 / Math.log(2));
    assertThat(TextTotals.of("a b", -1400, 2).perplexity()).isEqualTo(Math.exp(700));
  }
}
