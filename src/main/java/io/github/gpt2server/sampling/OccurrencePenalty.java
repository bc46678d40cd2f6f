package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * OpenAI's presence and frequency penalties: {@code logit[t] -= presence * (count[t] > 0) +
 * frequency * count[t]}, where {@code count[t]} is the number of times that {@code t} was
 * generated, without the prompt.
 *
 * @param presence subtracted once from the logit of every generated token; negative values
 *     encourage repetition
 * @param frequency subtracted from the logit once for each time the token was generated
 */
record OccurrencePenalty(double presence, double frequency) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return history.generatedTokens() > 0;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    for (int i = 0; i < history.distinctTokens(); i++) {
      int count = history.timesGenerated(i);
      if (count > 0) {
        int token = history.token(i);
        logits.put(token, (float) (logits.get(token) - (presence + frequency * count)));
      }
    }
  }
}
