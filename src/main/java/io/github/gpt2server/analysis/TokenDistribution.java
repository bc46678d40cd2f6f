package io.github.gpt2server.analysis;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * The probabilities of the next token, as one row of logits gives them. Sums are taken in double
 * precision and after the largest logit is subtracted, so that no exponential overflows.
 */
public final class TokenDistribution {
  private static final double LN_2 = Math.log(2);

  private final float[] logits;
  private final double temperature;
  private final double max;
  private final double logSum;
  private final double entropyNats;

  private TokenDistribution(float[] logits, double temperature) {
    this.logits = logits;
    this.temperature = temperature;
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    max = largest;
    double sum = 0;
    double weighted = 0;
    for (float logit : logits) {
      double scaled = (logit - max) / temperature;
      double weight = Math.exp(scaled);
      sum += weight;
      // A token without any probability adds no entropy; 0 × -infinity would be NaN.
      weighted += weight == 0 ? 0 : weight * scaled;
    }
    logSum = Math.log(sum);
    // Rounding must not make it negative, nor -0.0.
    entropyNats = Math.max(0.0, logSum - weighted / sum);
  }

  /**
   * The softmax of {@code logits / temperature}.
   *
   * @param logits {@code [vocab]}; not copied, not changed
   * @param temperature more than 0; 1 is the model's own distribution
   */
  public static TokenDistribution of(float[] logits, double temperature) {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException("temperature must be more than 0, not " + temperature);
    }
    return new TokenDistribution(logits, temperature);
  }

  /** Natural logarithm of the token's probability. */
  public double logprob(int token) {
    return (logits[token] - max) / temperature - logSum;
  }

  /** The token's probability. */
  public double probability(int token) {
    return Math.exp(logprob(token));
  }

  /** Shannon's entropy in bits: how many yes-or-no questions the next token is worth. */
  public double entropyBits() {
    return entropyNats / LN_2;
  }

  /** The token's place among all, 1 for the likeliest; of equals the lower id comes first. */
  public int rank(int token) {
    int before = 0;
    float logit = logits[token];
    for (int other = 0; other < logits.length; other++) {
      if (logits[other] > logit || (logits[other] == logit && other < token)) {
        before++;
      }
    }
    return before + 1;
  }

  /** The {@code k} likeliest tokens, or all if there are fewer, in the order of {@link #rank}. */
  public int[] likeliest(int k) {
    int count = Math.min(k, logits.length);
    long[] keys = count > logits.length / 16 ? sortedKeys(count) : selectedKeys(count);
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = (int) keys[i];
    }
    return tokens;
  }

  private long[] sortedKeys(int count) {
    long[] keys = new long[logits.length];
    for (int token = 0; token < keys.length; token++) {
      keys[token] = key(token);
    }
    Arrays.sort(keys);
    return Arrays.copyOf(keys, count);
  }

  /** Keeps the best so far instead of sorting a whole vocabulary for a handful. */
  private long[] selectedKeys(int count) {
    PriorityQueue<Long> best = new PriorityQueue<>(count + 1, (a, b) -> Long.compare(b, a));
    for (int token = 0; token < logits.length && count > 0; token++) {
      long key = key(token);
      if (best.size() < count) {
        best.add(key);
      } else if (key < best.peek()) {
        best.poll();
        best.add(key);
      }
    }
    long[] keys = best.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(keys);
    return keys;
  }

  /** A number that is smaller the earlier the token ranks; its lower half is the token. */
  private long key(int token) {
    // Adding zero turns -0 into 0; the bits of floats then sort like integers once negative ones
    // are mirrored.
    int bits = Float.floatToIntBits(logits[token] + 0f);
    int ascending = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    return ((long) ~ascending << 32) | token;
  }
}
