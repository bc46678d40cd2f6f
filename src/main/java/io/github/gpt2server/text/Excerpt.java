package io.github.gpt2server.text;

/** Texts of others as messages repeat them: short, on one line. */
public final class Excerpt {
  private static final int LIMIT = 60;
  private static final int CONSOLE_LIMIT = 80;

  private Excerpt() {}

  /**
   * Returns up to 60 characters of {@code value}; control characters and unpaired surrogates become
   * U+FFFD.
   */
  public static String of(String value) {
    return shorten(value, LIMIT, 0xFFFD, "…");
  }

  /**
   * Returns up to 80 characters of {@code value} for a console, whose charset may be ASCII; control
   * characters and unpaired surrogates become question marks.
   */
  public static String forConsole(String value) {
    return shorten(value, CONSOLE_LIMIT, '?', "...");
  }

  private static String shorten(String value, int limit, int replacement, String ellipsis) {
    StringBuilder text = new StringBuilder();
    int end = Math.min(value.length(), limit);
    for (int i = 0; i < end; ) {
      int codePoint = value.codePointAt(i);
      i += Character.charCount(codePoint);
      boolean printable =
          !Character.isISOControl(codePoint) && Character.getType(codePoint) != Character.SURROGATE;
      text.appendCodePoint(printable ? codePoint : replacement);
    }
    return value.length() > limit ? text + ellipsis : text.toString();
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
