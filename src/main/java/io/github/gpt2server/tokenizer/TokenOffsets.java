package io.github.gpt2server.tokenizer;

/**
 * Offsets of the tokens of a text that is still being written, in Unicode code points. Agrees with
 * {@link Gpt2Tokenizer#offsets} on the whole text.
 */
public final class TokenOffsets {
  private final TextDecoder decoder = new TextDecoder();
  private final StringBuilder decoded = new StringBuilder();
  private int begun;

  /**
   * Takes the next token.
   *
   * @return the code point at which it begins; a token that begins inside a character has that
   *     character's offset
   */
  public int next(byte[] tokenBytes) {
    int start = begun;
    for (int i = 0; i < tokenBytes.length; i++) {
      boolean continues = decoder.continues(tokenBytes[i] & 0xff);
      // A byte that continues nothing begins a character of its own, if only a U+FFFD.
      if (i == 0 && continues) {
        start--;
      }
      if (!continues) {
        begun++;
      }
      decoder.accept(tokenBytes[i] & 0xff, decoded);
    }
    decoded.setLength(0);
    return start;
  }
}
