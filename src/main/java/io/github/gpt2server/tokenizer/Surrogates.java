package io.github.gpt2server.tokenizer;

/** Finds UTF-16 surrogates without their pair: a string with one has no UTF-8 form. */
final class Surrogates {

  private Surrogates() {}

  /**
   * Refuses a string with a lone surrogate.
   *
   * @param name what the message calls the string
   * @throws IllegalArgumentException naming the surrogate and its position in UTF-16 code units
   */
  static void requirePaired(String text, String name) {
    int codePoint;
    for (int i = 0; i < text.length(); i += Character.charCount(codePoint)) {
      codePoint = text.codePointAt(i);
      if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
        throw new IllegalArgumentException(
            "%s has a surrogate without its pair (U+%04X at UTF-16 position %d), so it has no UTF-8 form"
                .formatted(name, codePoint, i));
      }
    }
  }
}
