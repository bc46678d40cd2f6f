package io.github.gpt2server.tokenizer;

import java.util.List;

/**
 * Positions from which the rest of a text can be encoded apart, as far as its words are concerned.
 * GPT-2's pre-tokenizer,
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * <p>sees the words of the whole in the rest, except that the first may be the end of a longer one,
 * unless the rest begins
 *
 * <ul>
 *   <li>inside a contraction: its letters would be one word with those that follow;
 *   <li>with an apostrophe that would begin a contraction, but that in the whole is inside a run of
 *       punctuation.
 * </ul>
 *
 * <p>No property of other characters matters, so that it does not matter either which version of
 * Unicode the library knows. Whether the end of a longer word has the tokens that it has in that
 * word is for {@link SegmentedEncoder} to find out.
 */
final class SplitPoints {

  private static final char APOSTROPHE = '\'';

  private final boolean insideWords;
  private final List<String> addedTokens;

  /**
   * Makes the rules of one tokenizer.
   *
   * @param insideWords whether words may be cut
   * @param addedTokens tokens that are found in a text before it is split into words: no cut is
   *     inside a place where one stands
   */
  SplitPoints(boolean insideWords, List<String> addedTokens) {
    this.insideWords = insideWords;
    this.addedTokens = List.copyOf(addedTokens);
  }

  /**
   * Returns whether the rest of a text may begin with a UTF-16 unit, which is neither the first nor
   * inside a character.
   */
  boolean allows(String text, int position) {
    char before = text.charAt(position - 1);
    char after = text.charAt(position);
    boolean allowed =
        insideWords
            ? !isInsideContraction(before, after)
                && (isAsciiLetterOrDigit(before) || !mayBeginContraction(text, position))
            : after == ' ' && Character.isLetterOrDigit(before);
    return allowed && addedTokens.stream().noneMatch(token -> isInside(token, text, position));
  }

  /** One with two letters; a single one is a token, like the one that the rest must begin with. */
  private static boolean isInsideContraction(char before, char after) {
    return before == APOSTROPHE && "rvl".indexOf(after) >= 0;
  }

  private static boolean mayBeginContraction(String text, int position) {
    return text.charAt(position) == APOSTROPHE
        && position + 1 < text.length()
        && "stmdrvl".indexOf(text.charAt(position + 1)) >= 0;
  }

  /** These have been letters and digits in every version; a word of them ends at an apostrophe. */
  private static boolean isAsciiLetterOrDigit(char character) {
    return character < 0x80 && Character.isLetterOrDigit(character);
  }

  private static boolean isInside(String token, String text, int position) {
    for (int start = Math.max(0, position - token.length() + 1); start < position; start++) {
      if (text.startsWith(token, start)) {
        return true;
      }
    }
    return false;
  }
}
