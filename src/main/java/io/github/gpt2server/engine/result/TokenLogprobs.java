package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.NonFiniteOutputException;
import java.nio.FloatBuffer;

/**
 * Log-probabilities at one position, in nats, of the model's own distribution.
 *
 * @param logprob log-probability of the actual token
 * @param top the likeliest tokens, or null if none are requested
 * @param others log-probabilities of the requested further tokens, in their order, or null
 */
public record TokenLogprobs(float logprob, TopTokens top, float[] others) {

  /** Approximate size, in bytes. */
  long bytes() {
    return (top == null ? 0 : top.bytes()) + (others == null ? 0 : 4L * others.length);
  }

  /** Returns whether all numbers are finite. */
  boolean finite() {
    return Float.isFinite(logprob)
        && (top == null || top.finite())
        && (others == null || NonFiniteOutputException.allFinite(others));
  }

  /**
   * Computes the requested log-probabilities from a row of logits.
   *
   * @param logits {@code [vocab]} unedited logits
   * @param token the actual token
   * @param logSumExp the row's normaliser: a logit minus it is a log-probability
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
