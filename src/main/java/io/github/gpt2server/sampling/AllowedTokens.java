package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Excludes every token but those of a list, as vLLM's {@code allowed_token_ids} does.
 *
 * @param tokens the allowed token ids
 */
record AllowedTokens(int[] tokens) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return true;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    ExcludedLogits.allBut(logits, tokens);
  }
}
