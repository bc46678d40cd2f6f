package io.github.gpt2server.tokenizer;

/**
 * The streaming UTF-8 decoder of one sequence: bytes of tokens in, whole characters out. The joined
 * output does not depend on how the bytes were cut into tokens.
 *
 * <p>This is the UTF-8 decoder of the WHATWG Encoding Standard: each maximal part that no valid
 * sequence begins with becomes one U+FFFD, as in Python and Rust. Java's own decoder differs for
 * encoded surrogates (one U+FFFD instead of three). Not thread-safe.
 */
public final class TextDecoder {

  private static final char REPLACEMENT = '\ufffd';
  private static final int FIRST_CONTINUATION = 0x80;
  private static final int LAST_CONTINUATION = 0xbf;

  private int codePoint;
  private int bytesNeeded;
  private int lower = FIRST_CONTINUATION;
  private int upper = LAST_CONTINUATION;

  /** A decoder that goes on from here by itself. */
  public TextDecoder copy() {
    TextDecoder copy = new TextDecoder();
    copy.codePoint = codePoint;
    copy.bytesNeeded = bytesNeeded;
    copy.lower = lower;
    copy.upper = upper;
    return copy;
  }

  /**
   * Takes the bytes of the next token.
   *
   * @return the characters that are now complete; the beginning of a character waits for the rest
   */
  public String append(byte[] tokenBytes) {
    StringBuilder text = new StringBuilder(tokenBytes.length);
    append(tokenBytes, text);
    return text.toString();
  }

  /** Takes the bytes of the next token, and adds the characters that are now complete to a text. */
  void append(byte[] tokenBytes, StringBuilder text) {
    for (byte next : tokenBytes) {
      accept(next & 0xff, text);
    }
  }

  /**
   * Ends the text.
   *
   * @return U+FFFD if the last character is incomplete, else the empty string
   */
  public String finish() {
    if (bytesNeeded == 0) {
      return "";
    }
    reset();
    return String.valueOf(REPLACEMENT);
  }

  /** Returns whether a byte belongs to the character that is incomplete. */
  boolean continues(int next) {
    return bytesNeeded > 0 && next >= lower && next <= upper;
  }

  /** Takes one byte, and adds the characters that are now complete to a text. */
  void accept(int next, StringBuilder text) {
    if (continues(next)) {
      lower = FIRST_CONTINUATION;
      upper = LAST_CONTINUATION;
      codePoint = codePoint << 6 | (next & 0x3f);
      bytesNeeded--;
      if (bytesNeeded == 0) {
        text.appendCodePoint(codePoint);
      }
      return;
    }
    if (bytesNeeded > 0) {
      text.append(REPLACEMENT);
      reset();
    }
    if (next < FIRST_CONTINUATION) {
      text.append((char) next);
    } else if (next >= 0xc2 && next <= 0xdf) {
      begin(next & 0x1f, 1);
    } else if (next >= 0xe0 && next <= 0xef) {
      begin(next & 0x0f, 2);
      // No overlong forms, no surrogates.
      lower = next == 0xe0 ? 0xa0 : lower;
      upper = next == 0xed ? 0x9f : upper;
    } else if (next >= 0xf0 && next <= 0xf4) {
      begin(next & 0x07, 3);
      // No overlong forms, nothing above U+10FFFF.
      lower = next == 0xf0 ? 0x90 : lower;
      upper = next == 0xf4 ? 0x8f : upper;
    } else {
      text.append(REPLACEMENT);
    }
  }

  private void begin(int bits, int continuationBytes) {
    codePoint = bits;
    bytesNeeded = continuationBytes;
  }

  private void reset() {
    bytesNeeded = 0;
    lower = FIRST_CONTINUATION;
    upper = LAST_CONTINUATION;
  }
}
