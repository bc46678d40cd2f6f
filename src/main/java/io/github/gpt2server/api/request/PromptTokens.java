package io.github.gpt2server.api.request;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizedText;
import java.util.Arrays;

/**
 * A prompt: its tokens, and the text that they were sent as. The two differ where the tokenizer
 * changes texts.
 *
 * @param ids token ids, at least one
 * @param text the text as it was sent; of a prompt of token ids, what they stand for
 * @param offsets for each token the code point of the text at which it starts
 */
public record PromptTokens(int[] ids, String text, int[] offsets) {

  /** A prompt that was sent as a text. */
  static PromptTokens of(String text, TokenizedText tokens) {
    return new PromptTokens(tokens.ids(), text, tokens.offsets());
  }

  /** A prompt that was sent as token ids. */
  public static PromptTokens of(int[] ids, Gpt2Tokenizer tokenizer) {
    return new PromptTokens(ids, tokenizer.decode(ids), tokenizer.offsets(ids));
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
        Arrays.stream(offsets, first, offsets.length).map(offset -> offset - start).toArray());
  }
}
