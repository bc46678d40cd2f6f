package io.github.gpt2server.template;

/** The escape sequences of Python's strings. */
final class Escapes {
  private static final String LETTERS = "ntrbfva\\'\"";
  private static final String MEANINGS = "\n\t\r\b\f\u000b\u0007\\'\"";

  private Escapes() {}

  /** The text that a literal stands for; an unknown sequence stands for itself. */
  static String unescape(String literal) {
    StringBuilder text = new StringBuilder(literal.length());
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\' || i == literal.length()) {
        text.append(c);
        continue;
      }
      char kind = literal.charAt(i);
      int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
      int meaning = LETTERS.indexOf(kind);
      if (digits > 0 && isHex(literal, i + 1, digits)) {
        text.appendCodePoint(Integer.parseInt(literal, i + 1, i + 1 + digits, 16));
        i += 1 + digits;
      } else if (meaning >= 0) {
        text.append(MEANINGS.charAt(meaning));
        i++;
      } else if (kind == '\n') {
        i++;
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  private static boolean isHex(String text, int from, int digits) {
    if (from + digits > text.length()) {
      return false;
    }
    for (int i = from; i < from + digits; i++) {
      if (Character.digit(text.charAt(i), 16) < 0) {
        return false;
      }
    }
    return digits < 8
        || Character.isValidCodePoint(Integer.parseUnsignedInt(text, from, from + digits, 16));
  }
}
