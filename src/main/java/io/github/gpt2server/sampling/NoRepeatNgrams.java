package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Excludes the tokens that would complete an n-gram which prompt and output already contain, as
 * Hugging Face transformers' {@code no_repeat_ngram_size} does.
 *
 * @param size number of tokens of an n-gram, at least 1
 */
record NoRepeatNgrams(int size) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return history.length() >= size;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    if (size == 1) {
      for (int i = 0; i < history.distinctTokens(); i++) {
        logits.put(history.token(i), Float.NEGATIVE_INFINITY);
      }
      return;
    }
    int[] tokens = history.tokens();
    int length = history.length();
    int[] repeats = SuffixRepeats.of(tokens, 0, length);
    for (int k = 1; k < length; k++) {
      if (repeats[k] >= size - 1) {
        logits.put(tokens[length - k], Float.NEGATIVE_INFINITY);
      }
    }
  }
}
