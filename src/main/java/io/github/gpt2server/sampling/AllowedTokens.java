package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Excludes every token but those of a list, as vLLM's {@code allowed_token_ids} does.
 *
 * @param tokens the allowed token ids
 */
record AllowedTokens(int[] tokens) implements LogitsProcessor {
  private static final float[] EXCLUDED = new float[1024];

  static {
    Arrays.fill(EXCLUDED, Float.NEGATIVE_INFINITY);
  }

  @Override
  public boolean edits(TokenHistory history) {
    return true;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    float[] allowed = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      allowed[i] = logits.get(tokens[i]);
    }
    int size = logits.limit();
    for (int at = 0; at < size; at += EXCLUDED.length) {
      logits.put(at, EXCLUDED, 0, Math.min(EXCLUDED.length, size - at));
    }
    for (int i = 0; i < tokens.length; i++) {
      logits.put(tokens[i], allowed[i]);
    }
  }
}
