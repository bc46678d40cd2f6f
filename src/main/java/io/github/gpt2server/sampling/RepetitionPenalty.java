package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Repetition penalty on the tokens of prompt and output, independent of their number of
 * occurrences: positive logits are divided by the penalty, negative ones multiplied (CTRL, Keskar
 * et al. 2019, section 4.1, in the form of Hugging Face transformers).
 *
 * @param penalty more than 0; above 1 discourages repetition, below 1 encourages it, 1 changes
 *     nothing
 * @param range number of most recent tokens that are penalised; 0 for all
 * @param exempt a token that is never penalised, or {@link #NONE_EXEMPT}
 */
public record RepetitionPenalty(double penalty, int range, int exempt) implements LogitsProcessor {

  /** The value of {@link #exempt} without an exempt token. */
  public static final int NONE_EXEMPT = -1;

  /** Creates a penalty on every token of prompt and output. */
  public static RepetitionPenalty of(double penalty) {
    return new RepetitionPenalty(penalty, 0, NONE_EXEMPT);
  }

  @Override
  public boolean edits(TokenHistory history) {
    return history.distinctTokens() > 0;
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    for (int token : history.recent(range)) {
      float logit = logits.get(token);
      if (token == exempt || logit == Float.NEGATIVE_INFINITY) {
        // An excluded token stays excluded.
        continue;
      }
      double penalised = logit > 0 ? logit / penalty : logit * penalty;
      // An infinite logit would leave the other tokens no probability.
      logits.put(token, (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, penalised)));
    }
  }
}
