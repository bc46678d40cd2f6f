package io.github.gpt2server.engine.speculation;

import java.util.Arrays;

/**
 * Guesses how a text goes on: as it did where the same tokens stood before as stand at its end now,
 * after the longest such ending and the latest of several. Source: "Prompt Lookup Decoding",
 * Saxena, 2023; a guess may run on into itself, as copies do in LZ77 (Ziv and Lempel, 1977), so
 * that a loop is guessed for as long as one likes.
 *
 * <p>A look at all places costs about a microsecond with a thousand tokens, less than keeping an
 * index of them.
 */
final class PromptLookupProposer {
  /** An ending is not compared further than this. */
  static final int LONGEST_MATCH = 32;

  private int[] tokens;
  private int length;
  private int source;
  private int match;

  /**
   * Looks at a text.
   *
   * @param text its tokens so far
   * @param capacity how long it may become
   */
  PromptLookupProposer(int[] text, int capacity) {
    tokens = Arrays.copyOf(text, Math.max(text.length, capacity));
    length = text.length;
    look();
  }

  /** Takes the next token in. */
  void append(int token) {
    tokens[length++] = token;
    look();
  }

  private void look() {
    match = 0;
    for (int end = length - 1; end > 0 && match < LONGEST_MATCH; end--) {
      if (tokens[end - 1] == tokens[length - 1]) {
        int common = common(end);
        if (common > match) {
          match = common;
          source = end;
        }
      }
    }
  }

  /** How many tokens before {@code end} are the text's last ones. */
  private int common(int end) {
    int common = 1;
    while (common < end
        && common < LONGEST_MATCH
        && tokens[end - 1 - common] == tokens[length - 1 - common]) {
      common++;
    }
    return common;
  }

  /** How many tokens the text has. */
  int length() {
    return length;
  }

  /** The one at a position. */
  int token(int position) {
    return tokens[position];
  }

  /** Those from {@code start} on and before {@code end}. */
  int[] tokens(int start, int end) {
    return Arrays.copyOfRange(tokens, start, end);
  }

  /** How many tokens stood before the guess as well as they do now; 0 if there is no guess. */
  int match() {
    return match;
  }

  /** The token guessed to come {@code ahead} tokens after the next one. */
  int guess(int ahead) {
    return tokens[source + ahead % (length - source)];
  }
}
