package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * Makes tokens of prompt or output less likely, once however often they occurred: positive logits
 * are divided by the penalty, negative ones multiplied (CTRL, Keskar et al. 2019, section 4.1, in
 * the form that Hugging Face transformers gave it).
 *
 * @param penalty more than 0; above 1 discourages repetition, below 1 encourages it, 1 changes
 *     nothing
 * @param range the number of most recent tokens that count; 0 counts all
 * @param exempt a token that is never penalised, or {@link #NONE_EXEMPT}
 */
public record RepetitionPenalty(double penalty, int range, int exempt) implements LogitsProcessor {

  /** Stands for no token. */
  public static final int NONE_EXEMPT = -1;

  /** A penalty for every token of prompt and output. */
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
        // A token that cannot be drawn stays one.
        continue;
      }
      double penalised = logit > 0 ? logit / penalty : logit * penalty;
      // A huge logit must not become infinite, which would leave no probability to the others.
      logits.put(token, (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, penalised)));
    }
  }
}
