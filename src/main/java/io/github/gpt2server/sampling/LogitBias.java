package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Adds a fixed amount to the logits of some tokens.
 *
 * @param bias token id to the amount added
 */
record LogitBias(Map<Integer, Float> bias) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return !bias.isEmpty();
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    bias.forEach((token, amount) -> logits.put(token, logits.get(token) + amount));
  }
}
