package io.github.gpt2server.tokenizer;

/** Unicode's White_Space, which is what {@code \s} is to the tokenizers library. */
final class WhiteSpace {

  /** MONGOLIAN VOWEL SEPARATOR was white space up to Unicode 6.2. */
  private static final char FORMER = '\u180e';

  private WhiteSpace() {}

  /** Whether a character is white space; all that is has one UTF-16 unit. */
  static boolean is(char character) {
    return character == ' '
        || (character >= '\t' && character <= '\r')
        || character == '\u0085'
        || character == '\u00a0'
        || character == '\u1680'
        || (character >= '\u2000' && character <= '\u200a')
        || character == '\u2028'
        || character == '\u2029'
        || character == '\u202f'
        || character == '\u205f'
        || character == '\u3000';
  }

  /** Whether versions of Unicode disagree about a character. */
  static boolean isDoubtful(char character) {
    return character == FORMER;
  }
}
