package io.github.gpt2server.engine.result;

import io.github.gpt2server.model.NonFiniteOutputException;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The likeliest tokens at one position, with natural log-probabilities of the model's own
 * distribution. A few are picked when the step is taken; very many are sorted only by whoever reads
 * them, so that the engine thread does not sort whole vocabularies.
 */
public final class TopTokens {
  /** The most that are picked at once; beyond, a copy of the logits is kept and sorted later. */
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
   * Picks from a row of logits.
   *
   * @param row {@code [vocab]} logits, copied if {@code count} is large
   * @param logSumExp the logarithm of the sum of the logits' exponentials
   * @param count how many tokens; more than there are gives all
   */
  static TopTokens of(FloatBuffer row, float logSumExp, int count) {
    TopTokens top = new TopTokens(Math.min(count, row.limit()), logSumExp, row.limit());
    if (!top.many()) {
      top.pick(row);
    } else {
      top.logits = new float[row.limit()];
      row.duplicate().rewind().get(top.logits);
    }
    return top;
  }

  /** Whether so many likeliest tokens keep a whole row. */
  public static boolean keepsRow(int count) {
    return count > FEW;
  }

  /** Whether these are so many that they keep a whole row. */
  boolean many() {
    return keepsRow(count);
  }

  /** About how much memory so many tokens take if they keep no row. */
  public static long bytes(int count) {
    return count == 0 ? 0 : 64 + 8L * count;
  }

  /** About how much memory they take until they are sorted. */
  long bytes() {
    return bytes;
  }

  /** How many tokens there are. */
  public int count() {
    return count;
  }

  /** Takes a token and its log-probability. */
  @FunctionalInterface
  public interface Visitor {
    void take(int token, float logprob);
  }

  /** Shows every token: likeliest first, but a whole vocabulary in the order of ids, unsorted. */
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

  /** Whether all log-probabilities are finite numbers. */
  synchronized boolean finite() {
    // The logits, where they are kept, are all that is needed: the sum has its NaN from them.
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
      long[] keys = new long[logits.length];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = key(logits[i], i);
      }
      Arrays.sort(keys);
      take(keys, logits);
      logits = null;
    }
  }

  /** Keeps the best seen so far in order; most tokens are dismissed by one comparison. */
  private void pick(FloatBuffer row) {
    // An array is scanned several times faster than a buffer.
    float[] values = new float[row.limit()];
    row.duplicate().rewind().get(values);
    long[] best = new long[count];
    for (int i = 0; i < count; i++) {
      best[i] = key(values[i], i);
    }
    Arrays.sort(best);
    float least = values[id(best[count - 1])];
    for (int i = count; i < values.length; i++) {
      if (values[i] > least) {
        long key = key(values[i], i);
        int place = -Arrays.binarySearch(best, key) - 1;
        System.arraycopy(best, place, best, place + 1, count - 1 - place);
        best[place] = key;
        least = values[id(best[count - 1])];
      }
    }
    take(best, values);
  }

  private void take(long[] sorted, float[] row) {
    tokens = new int[count];
    logprobs = new float[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = id(sorted[i]);
      logprobs[i] = row[tokens[i]] - logSumExp;
    }
  }

  /** Ascending keys are descending logits, and ascending ids among equals. */
  private static long key(float logit, int id) {
    // Zero is added so that -0.0, whose bits differ, equals 0.0.
    int bits = Float.floatToIntBits(logit + 0f);
    int ascending = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    return ((long) ~ascending << 32) | id;
  }

  private static int id(long key) {
    return (int) key;
  }
}
