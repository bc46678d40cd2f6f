package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.NonFiniteOutputException;
import java.nio.FloatBuffer;

/**
 * Log-probabilities at one position, in nats, of the model's own distribution.
 *
 * @param logprob of the token that stands there
 * @param top the likeliest tokens, or null if none were asked for
 * @param others of the further tokens that were asked for, in their order, or null
 */
public record TokenLogprobs(float logprob, TopTokens top, float[] others) {

  /** About how much memory they take. */
  long bytes() {
    return (top == null ? 0 : top.bytes()) + (others == null ? 0 : 4L * others.length);
  }

  /** Whether all of them are finite numbers. */
  boolean finite() {
    return Float.isFinite(logprob)
        && (top == null || top.finite())
        && (others == null || NonFiniteOutputException.allFinite(others));
  }

  /**
   * What is asked for at a row of logits.
   *
   * @param logits {@code [vocab]}, as the model gave them
   * @param token the one that stands there
   * @param logSumExp the row's normaliser: less that, a logit is a log-probability
   */
  public static TokenLogprobs of(Logprobs wanted, FloatBuffer logits, int token, float logSumExp) {
    float[] others = wanted.tokenIds().length == 0 ? null : new float[wanted.tokenIds().length];
    for (int i = 0; others != null && i < others.length; i++) {
      others[i] = logits.get(wanted.tokenIds()[i]) - logSumExp;
    }
    return new TokenLogprobs(
        logits.get(token) - logSumExp,
        wanted.top() == 0 ? null : TopTokens.of(logits, logSumExp, wanted.top()),
        others);
  }
}
