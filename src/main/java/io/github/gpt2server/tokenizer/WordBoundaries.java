package io.github.gpt2server.tokenizer;

/**
 * Places where a long text can be cut without changing its tokens: before a single space between
 * letters or digits. Each alternative of GPT-2's pre-tokenizer,
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * <p>ends before a space that it did not begin with, and begins anew at a space that a character
 * other than white space follows; merges never cross that boundary.
 */
final class WordBoundaries {

  private WordBoundaries() {}

  /** The first such place at or after a position, or the end of the text. */
  static int next(String text, int from) {
    for (int i = Math.max(from, 1); i < text.length() - 1; i++) {
      if (text.charAt(i) == ' '
          && Character.isLetterOrDigit(text.charAt(i - 1))
          && Character.isLetterOrDigit(text.charAt(i + 1))) {
        return i;
      }
    }
    return text.length();
  }
}
