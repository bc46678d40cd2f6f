package io.github.gpt2server.analysis;

import java.util.ArrayList;
import java.util.List;

/**
 * A window of a text that fits the model's context, and the part of it that is scored. A longer
 * text is covered by windows that begin a stride apart. Each token is scored once, in the first
 * window that contains it, so that every token after the first window has a left context of at
 * least the context length minus the stride.
 *
 * @param start index of the first token
 * @param end index after the last token
 * @param scoredFrom first scored token, relative to {@code start}
 */
public record ScoringWindow(int start, int end, int scoredFrom) {

  /**
   * The windows that cover a text. Its first token is not scored, because nothing precedes it.
   *
   * @param tokens number of tokens of the text, at least one
   * @param contextLength largest number of tokens of a window, at least two
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

  /** Number of scored tokens; 0 for a text of one token. */
  public int scoredTokens() {
    return end - start - scoredFrom;
  }
}
