package io.github.gpt2server.tokenizer;

import java.util.List;

/**
 * Where a text may be cut so that its parts, encoded apart, have the tokens of the whole. GPT-2's
 * pre-tokenizer,
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * <p>sees the same words on both sides of a cut, except that a run of one kind may be cut in two,
 * unless the cut is
 *
 * <ul>
 *   <li>between white space and what is none: a space belongs to what follows, and the last white
 *       space before a word is a word of its own;
 *   <li>inside a contraction such as {@code 've};
 *   <li>before an apostrophe that, at the beginning of a word, would be one of a contraction, and
 *       that now is inside a run of punctuation.
 * </ul>
 *
 * <p>No property of other characters matters, so that it does not matter either which version of
 * Unicode the library knows. Whether BPE gives the halves of a run the tokens of the whole is for
 * {@link SegmentedEncoder} to find out.
 */
final class Cutting {

  /** The first letters of contractions, and all of theirs. */
  private static final String CONTRACTED = "stmdrvl";

  private final boolean insideRuns;
  private final List<String> addedTokens;

  /**
   * Makes the rules of one tokenizer.
   *
   * @param insideRuns whether runs may be cut; else words must end at a cut
   * @param addedTokens tokens that are found in a text before it is split into words: no cut is
   *     inside a place where one stands
   */
  Cutting(boolean insideRuns, List<String> addedTokens) {
    this.insideRuns = insideRuns;
    this.addedTokens = List.copyOf(addedTokens);
  }

  /**
   * Whether a text may be cut before a UTF-16 unit, which is neither the first nor inside a
   * character.
   */
  boolean allows(String text, int position) {
    char before = text.charAt(position - 1);
    char after = text.charAt(position);
    if (WhiteSpace.isDoubtful(before) != WhiteSpace.isDoubtful(after)) {
      return false;
    }
    boolean allowed;
    if (WhiteSpace.is(after)) {
      allowed = insideRuns || !WhiteSpace.is(before);
    } else {
      allowed =
          insideRuns
              && !WhiteSpace.is(before)
              && !isInsideContraction(text, position)
              && (isAsciiLetterOrDigit(before) || !mayBeginContraction(text, position));
    }
    return allowed && addedTokens.stream().noneMatch(token -> isInside(token, text, position));
  }

  private static boolean isInsideContraction(String text, int position) {
    char before = text.charAt(position - 1);
    char after = text.charAt(position);
    if (before == '\'') {
      return CONTRACTED.indexOf(after) >= 0;
    }
    boolean longOne =
        ((before == 'r' || before == 'v') && after == 'e') || (before == 'l' && after == 'l');
    return longOne && position > 1 && text.charAt(position - 2) == '\'';
  }

  private static boolean mayBeginContraction(String text, int position) {
    return text.charAt(position) == '\''
        && position + 1 < text.length()
        && CONTRACTED.indexOf(text.charAt(position + 1)) >= 0;
  }

  /** These have been letters and digits in every version. */
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
