package io.github.gpt2server.engine.speculation;

import java.util.Arrays;

/**
 * Prompt-lookup decoding (Saxena, 2023): finds the longest suffix of the text that occurred earlier
 * in it, the latest of several, and proposes the tokens that followed it there. A draft may
 * continue into itself, as copies do in LZ77 (Ziv and Lempel, 1977), so that a loop yields drafts
 * of any length.
 *
 * <p>A search of all positions takes about a microsecond for a thousand tokens, less than
 * maintaining an index.
 */
final class PromptLookupProposer {
  /** The longest suffix that is compared. */
  static final int LONGEST_MATCH = 32;

  private int[] tokens;
  private int length;
  private int source;
  private int match;

  /**
   * Searches a text.
   *
   * @param text its tokens so far
   * @param capacity the largest number of tokens that it may reach
   */
  PromptLookupProposer(int[] text, int capacity) {
    tokens = Arrays.copyOf(text, Math.max(text.length, capacity));
    length = text.length;
    search();
  }

  /** Appends a token and searches again. */
  void append(int token) {
    tokens[length++] = token;
    search();
  }

  private void search() {
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

  /** The length of the longest common suffix of the text and its first {@code end} tokens. */
  private int common(int end) {
    int common = 1;
    while (common < end
        && common < LONGEST_MATCH
        && tokens[end - 1 - common] == tokens[length - 1 - common]) {
      common++;
    }
    return common;
  }

  /** The number of tokens of the text. */
  int length() {
    return length;
  }

  /** The token at a position. */
  int token(int position) {
    return tokens[position];
  }

  /** The tokens from {@code start} to before {@code end}. */
  int[] tokens(int start, int end) {
    return Arrays.copyOfRange(tokens, start, end);
  }

  /** The length of the matching suffix; 0 if there is none and so no draft. */
  int match() {
    return match;
  }

  /** The draft token {@code ahead} tokens after the next one. */
  int draftToken(int ahead) {
    return tokens[source + ahead % (length - source)];
  }
}
