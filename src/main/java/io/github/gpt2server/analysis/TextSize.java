package io.github.gpt2server.analysis;

import java.nio.charset.StandardCharsets;

/**
 * How long a text is, or several together.
 *
 * @param bytes of UTF-8
 * @param characters Unicode code points
 * @param words runs of characters between white space
 */
public record TextSize(long bytes, long characters, long words) {

  /** Nothing, to add to. */
  public static final TextSize ZERO = new TextSize(0, 0, 0);

  /** Measures a text. */
  public static TextSize of(String text) {
    return new TextSize(
        text.getBytes(StandardCharsets.UTF_8).length,
        text.codePointCount(0, text.length()),
        words(text));
  }

  /** Both together; two texts' last and first word stay two. */
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
