package io.github.gpt2server.analysis;

import java.util.ArrayList;
import java.util.List;

/**
 * A piece of a text that fits the model's context, and the part of it that is scored. A text longer
 * than the context is covered by windows that begin a stride apart; each token is scored once, in
 * the first window that holds it, so that all but the first window's tokens have at least the
 * context less the stride to their left.
 *
 * @param start the first token
 * @param end the token after the last
 * @param scoredFrom the first token that is scored, counted from {@code start}
 */
public record ScoringWindow(int start, int end, int scoredFrom) {

  /**
   * Covers a text. Its first token is not scored, for nothing comes before it.
   *
   * @param tokens how many there are, at least one
   * @param contextLength how many tokens a window may hold, at least two
   * @param stride from 1 to {@code contextLength - 1}
   */
  public static List<ScoringWindow> cover(int tokens, int contextLength, int stride) {
    List<ScoringWindow> windows = new ArrayList<>();
    int end = Math.min(tokens, contextLength);
    windows.add(new ScoringWindow(0, end, 1));
    for (int start = stride; end < tokens; start += stride) {
      int next = Math.min(tokens, start + contextLength);
      windows.add(new ScoringWindow(start, next, end - start));
      end = next;
    }
    return windows;
  }

  /** How many tokens are scored; 0 for a text of one token. */
  public int scoredTokens() {
    return end - start - scoredFrom;
  }
}
