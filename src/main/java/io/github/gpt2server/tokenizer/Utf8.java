package io.github.gpt2server.tokenizer;

/** The UTF-8 form of strings, without making it. */
final class Utf8 {

  private Utf8() {}

  /** The number of bytes of a part of a string that has no lone surrogates. */
  static long length(String text, int from, int to) {
    long bytes = 0;
    for (int i = from; i < to; i++) {
      bytes += length(text.charAt(i));
    }
    return bytes;
  }

  /** The number of bytes that a UTF-16 unit accounts for; a surrogate has half of its pair's. */
  static int length(char unit) {
    if (unit < 0x80) {
      return 1;
    }
    return unit < 0x800 || Character.isSurrogate(unit) ? 2 : 3;
  }
}
