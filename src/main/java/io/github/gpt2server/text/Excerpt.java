package io.github.gpt2server.text;

/** A client's value as an error message quotes it: short, on one line. */
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
}
