package io.github.gpt2server.text;

/** Texts of others as messages repeat them: short, on one line. */
public final class Excerpt {
  private static final int LIMIT = 60;

  private Excerpt() {}

  /**
   * Returns up to 60 characters of {@code value}; control characters and unpaired surrogates become
   * U+FFFD.
   */
  public static String of(String value) {
    StringBuilder text = new StringBuilder();
    int end = Math.min(value.length(), LIMIT);
    for (int i = 0; i < end; ) {
      int codePoint = value.codePointAt(i);
      i += Character.charCount(codePoint);
      boolean printable =
          !Character.isISOControl(codePoint) && Character.getType(codePoint) != Character.SURROGATE;
      text.appendCodePoint(printable ? codePoint : 0xFFFD);
    }
    return value.length() > LIMIT ? text + "…" : text.toString();
  }

  /** The text on one line, with one space where there were several or line ends. */
  public static String oneLine(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** The first {@code limit} characters of a text, with an ellipsis if that is not all of it. */
  public static String beginning(String text, int limit) {
    return text.codePointCount(0, text.length()) <= limit
        ? text
        : text.substring(0, text.offsetByCodePoints(0, limit)) + "...";
  }
}
