package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.sampling.LogitRanking;
import java.nio.FloatBuffer;

/**
 * The likeliest tokens at one position, with their log-probabilities in nats of the model's own
 * distribution. A few are ranked during the step; many are ranked by the thread that reads them, so
 * that the engine thread does not sort whole vocabularies.
 */
public final class TopTokens {
  /** The largest number ranked at once; for more, a copy of the logits is retained. */
  public static final int FEW = 256;

  private final int count;
  private final float logSumExp;
  private final long bytes;
  private float[] logits;
  private int[] tokens;
  private float[] logprobs;

  private TopTokens(int count, float logSumExp, int vocabSize) {
    this.count = count;
    this.logSumExp = logSumExp;
    this.bytes = many() ? 4L * vocabSize : bytes(count);
  }

  /**
   * Selects from a row of logits.
   *
   * @param row {@code [vocab]} logits; only read
   * @param logSumExp the row's normaliser
   * @param count number of tokens; all if there are fewer
   */
  static TopTokens of(FloatBuffer row, float logSumExp, int count) {
    TopTokens top = new TopTokens(Math.min(count, row.limit()), logSumExp, row.limit());
    // Also because an array is scanned several times faster than a buffer.
    float[] copy = new float[row.limit()];
    row.duplicate().rewind().get(copy);
    if (top.many()) {
      top.logits = copy;
    } else {
      top.rank(copy);
    }
    return top;
  }

  /** Returns whether {@code count} tokens retain a whole row of logits. */
  public static boolean retainsRow(int count) {
    return count > FEW;
  }

  /** Returns whether these tokens retain a whole row of logits. */
  boolean many() {
    return retainsRow(count);
  }

  /** Approximate size of {@code count} tokens that retain no row, in bytes. */
  public static long bytes(int count) {
    return count == 0 ? 0 : 64 + 8L * count;
  }

  /** Approximate size until they are ranked, in bytes. */
  long bytes() {
    return bytes;
  }

  /** Number of tokens. */
  public int count() {
    return count;
  }

  /** Consumer of a token and its log-probability. */
  @FunctionalInterface
  public interface Visitor {
    void take(int token, float logprob);
  }

  /** Visits every token: the likeliest first, but a whole vocabulary in order of ids. */
  public synchronized void forEach(Visitor visitor) {
    if (logits != null && count == logits.length) {
      for (int token = 0; token < count; token++) {
        visitor.take(token, logits[token] - logSumExp);
      }
      return;
    }
    sort();
    for (int i = 0; i < count; i++) {
      visitor.take(tokens[i], logprobs[i]);
    }
  }

  /** Returns whether all log-probabilities are finite. */
  synchronized boolean finite() {
    // Where the logits are retained they suffice: a NaN of the sum comes from them.
    return Float.isFinite(logSumExp)
        && NonFiniteOutputException.allFinite(logits == null ? logprobs : logits);
  }

  /** Token ids, likeliest first; the lower id first among equals. */
  public synchronized int[] tokens() {
    sort();
    return tokens;
  }

  /** The log-probabilities of {@link #tokens}. */
  public synchronized float[] logprobs() {
    sort();
    return logprobs;
  }

  private void sort() {
    if (logits != null) {
      rank(logits);
      logits = null;
    }
  }

  private void rank(float[] row) {
    tokens = LogitRanking.likeliest(row, count);
    logprobs = new float[count];
    for (int i = 0; i < count; i++) {
      logprobs[i] = row[tokens[i]] - logSumExp;
    }
  }
}
