package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Additive bias on the logits of some tokens.
 *
 * @param bias amount added, by token id
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
