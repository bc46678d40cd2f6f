package io.github.gpt2server.api.request;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizedText;
import java.util.Arrays;
import java.util.function.IntSupplier;

/**
 * A prompt: its tokens, and the text that they were sent as. The two differ where the tokenizer
 * changes texts.
 *
 * @param ids token ids, at least one
 * @param text the text as it was sent; of a prompt of token ids, what they stand for
 * @param offsets for each token the code point of the text at which it starts
 * @param healed the text's last token, if it is not among the ids because the completion begins
 *     with one that continues it; else null
 */
public record PromptTokens(int[] ids, String text, int[] offsets, HealedToken healed) {

  /**
   * A token that was taken back.
   *
   * @param bytes its bytes, at least one
   * @param offset the code point of the text at which it starts
   */
  public record HealedToken(byte[] bytes, int offset) {}

  /** A prompt that was sent as a text. */
  static PromptTokens of(String text, TokenizedText tokens) {
    return new PromptTokens(tokens.ids(), text, tokens.offsets(), null);
  }

  /** A prompt that was sent as token ids. */
  public static PromptTokens of(int[] ids, Gpt2Tokenizer tokenizer) {
    return new PromptTokens(ids, tokenizer.decode(ids), tokenizer.offsets(ids), null);
  }

  /** The number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Its end: the last tokens, and the text from where the first of them starts. */
  public PromptTokens last(int count) {
    int first = Math.max(0, ids.length - count);
    if (first == 0) {
      return this;
    }
    int start = offsets[first];
    return new PromptTokens(
        Arrays.copyOfRange(ids, first, ids.length),
        text.substring(text.offsetByCodePoints(0, start)),
        Arrays.stream(offsets, first, offsets.length).map(offset -> offset - start).toArray(),
        null);
  }

  /**
   * The same text without its last token.
   *
   * @param bytes the bytes of that token
   * @param beginning the token that is read in place of it if there is no other
   */
  public PromptTokens healed(byte[] bytes, IntSupplier beginning) {
    int last = ids.length - 1;
    HealedToken taken = new HealedToken(bytes, offsets[last]);
    return last == 0
        ? new PromptTokens(new int[] {beginning.getAsInt()}, text, new int[] {0}, taken)
        : new PromptTokens(Arrays.copyOf(ids, last), text, Arrays.copyOf(offsets, last), taken);
  }
}
