package io.github.gpt2server.web.json;

/** A check that a string is Unicode text: JSON escapes can write halves of surrogate pairs. */
public final class WellFormed {

  /** What is wrong with a string that is not, after its name, and what to do. */
  public static final String PROBLEM =
      "holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it"
          + " or complete the pair.";

  private WellFormed() {}

  /** Returns whether each surrogate of a text is one of a pair. */
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
