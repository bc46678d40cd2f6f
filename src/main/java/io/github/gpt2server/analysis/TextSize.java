package io.github.gpt2server.analysis;

import java.nio.charset.StandardCharsets;

/**
 * Size of one or several texts.
 *
 * @param bytes number of bytes of UTF-8
 * @param characters number of Unicode code points
 * @param words number of runs of characters without white space
 */
public record TextSize(long bytes, long characters, long words) {

  /** The size of an empty text. */
  public static final TextSize ZERO = new TextSize(0, 0, 0);

  /** Measures a text. */
  public static TextSize of(String text) {
    return new TextSize(
        text.getBytes(StandardCharsets.UTF_8).length,
        text.codePointCount(0, text.length()),
        words(text));
  }

  /** The sum of two sizes, counting words at the boundary as two. */
  public TextSize plus(TextSize other) {
    return new TextSize(bytes + other.bytes, characters + other.characters, words + other.words);
  }

  private static int words(String text) {
    int words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean white = Character.isWhitespace(text.codePointAt(i));
      words += !white && !inside ? 1 : 0;
      inside = !white;
    }
    return words;
  }
}
