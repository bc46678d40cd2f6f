package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Minimum length: excludes the tokens that end a sequence until enough tokens are generated.
 *
 * @param count number of tokens that must be generated before one of {@code stopTokens}
 * @param stopTokens end-of-text and stop token ids
 */
record MinTokens(int count, int[] stopTokens) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return history.generatedTokens() < count && stopTokens.length > 0;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    if (history.generatedTokens() < count) {
      for (int token : stopTokens) {
        logits.put(token, Float.NEGATIVE_INFINITY);
      }
    }
  }
}
