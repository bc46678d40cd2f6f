package io.github.gpt2server.web.json;

/** A check that a string is Unicode text: JSON escapes can write halves of surrogate pairs. */
public final class WellFormed {

  private WellFormed() {}

  public static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }
}
