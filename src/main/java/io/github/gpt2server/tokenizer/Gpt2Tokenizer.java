package io.github.gpt2server.tokenizer;

/** Placeholder for the compiler until the tokenizer lands: the public face alone. */
public final class Gpt2Tokenizer {

  /** Token ids of a text; {@code <|endoftext|>} in it becomes the end-of-text token. */
  public int[] encode(String text) {
    return new int[text.length()];
  }

  /** The text of tokens; what is not UTF-8 becomes U+FFFD. */
  public String decode(int... tokens) {
    return "";
  }

  /** The raw bytes of one token. */
  public byte[] bytes(int token) {
    return new byte[0];
  }

  /** One token's text, or {@code bytes:\xe2\x80} if its bytes are not whole UTF-8. */
  public String token(int token) {
    return "";
  }

  /**
   * For each token the Unicode code point of the joined text at which it starts; a token that
   * begins inside a character has that character's offset.
   */
  public int[] offsets(int... tokens) {
    return tokens.clone();
  }

  /** How many token ids there are. */
  public int vocabSize() {
    return 0;
  }

  /** The id of {@code <|endoftext|>}. */
  public int endOfText() {
    return 0;
  }
}
