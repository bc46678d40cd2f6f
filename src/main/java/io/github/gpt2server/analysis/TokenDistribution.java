package io.github.gpt2server.analysis;

import io.github.gpt2server.sampling.Bits;
import io.github.gpt2server.sampling.LogitRanking;

/**
 * The distribution of the next token, given by one row of logits. Sums are computed in double
 * precision after subtracting the largest logit, so that no exponential overflows.
 */
public final class TokenDistribution {
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
      double weight = StrictMath.exp(scaled);
      sum += weight;
      // A token of probability 0 adds no entropy; 0 × -infinity would be NaN.
      weighted += weight == 0 ? 0 : weight * scaled;
    }
    logSum = StrictMath.log(sum);
    // Rounding could make it negative or -0.0.
    entropyNats = Math.max(0.0, logSum - weighted / sum);
  }

  /**
   * Creates the distribution {@code softmax(logits / temperature)}.
   *
   * @param logits {@code [vocab]}; retained, not changed
   * @param temperature more than 0; 1 is the model's own distribution
   */
  public static TokenDistribution of(float[] logits, double temperature) {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException("temperature must be more than 0, not " + temperature);
    }
    return new TokenDistribution(logits, temperature);
  }

  /** The token's log-probability in nats. */
  public double logprob(int token) {
    return (logits[token] - max) / temperature - logSum;
  }

  /** The token's probability. */
  public double probability(int token) {
    return StrictMath.exp(logprob(token));
  }

  /** The Shannon entropy in bits. */
  public double entropyBits() {
    return Bits.ofNats(entropyNats);
  }

  /** The token's rank, 1 for the likeliest; among equals the lower id comes first. */
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

  /** The ids of the {@code k} likeliest tokens, or all if there are fewer, by {@link #rank}. */
  public int[] likeliest(int k) {
    return LogitRanking.likeliest(logits, k);
  }
}
