package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Makes every token of prompt or output less likely, once however often it occurred: positive
 * logits are divided by the penalty, negative ones multiplied (CTRL, Keskar et al. 2019, section
 * 4.1, in the form that Hugging Face transformers gave it).
 *
 * @param penalty more than 0; above 1 discourages repetition, below 1 encourages it
 */
record RepetitionPenalty(double penalty) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return history.distinctTokens() > 0;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    for (int i = 0; i < history.distinctTokens(); i++) {
      int token = history.token(i);
      float logit = logits.get(token);
      if (logit == Float.NEGATIVE_INFINITY) {
        // A token that cannot be drawn stays one.
        continue;
      }
      double penalised = logit > 0 ? logit / penalty : logit * penalty;
      // A huge logit must not become infinite, which would leave no probability to the others.
      logits.put(token, (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, penalised)));
    }
  }
}
