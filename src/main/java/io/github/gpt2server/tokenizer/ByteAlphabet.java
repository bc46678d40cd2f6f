package io.github.gpt2server.tokenizer;

import java.util.Arrays;
import java.util.Optional;

/**
 * The alphabet in which GPT-2's vocabulary is written: one printable character for each of the 256
 * bytes. A byte that Latin-1 prints stands for itself; the others take the code points from U+0100
 * on, in order.
 *
 * <p>Source: {@code bytes_to_unicode} in {@code encoder.py} of openai/gpt-2.
 */
final class ByteAlphabet {

  /** The number of values of a byte. */
  static final int BYTES = 256;

  private static final char[] CHARACTERS = characters();
  private static final int[] VALUES = values(CHARACTERS);

  private ByteAlphabet() {}

  /** The character that stands for a byte, given as 0 to 255. */
  static char character(int value) {
    return CHARACTERS[value];
  }

  /**
   * The bytes of a token as the vocabulary writes it; empty if a character is not of the alphabet.
   */
  static Optional<byte[]> bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char character = token.charAt(i);
      int value = character < VALUES.length ? VALUES[character] : -1;
      if (value < 0) {
        return Optional.empty();
      }
      bytes[i] = (byte) value;
    }
    return Optional.of(bytes);
  }

  private static char[] characters() {
    char[] characters = new char[BYTES];
    char next = BYTES;
    for (int value = 0; value < BYTES; value++) {
      boolean printable =
          (value >= '!' && value <= '~') || (value >= 0xa1 && value <= 0xff && value != 0xad);
      characters[value] = printable ? (char) value : next++;
    }
    return characters;
  }

  private static int[] values(char[] characters) {
    int[] values = new int[2 * BYTES];
    Arrays.fill(values, -1);
    for (int value = 0; value < BYTES; value++) {
      values[characters[value]] = value;
    }
    return values;
  }
}
