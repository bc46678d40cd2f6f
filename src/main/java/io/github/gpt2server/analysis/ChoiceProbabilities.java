package io.github.gpt2server.analysis;

import io.github.gpt2server.sampling.LogSum;
import io.github.gpt2server.sampling.Softmax;

/** The probabilities of several continuations of a prompt, among which one is chosen. */
public final class ChoiceProbabilities {
  private final double[] logprobs;

  /**
   * Compares choices.
   *
   * @param logprobs the log-probability of each choice in nats, at least one; retained
   */
  public ChoiceProbabilities(double[] logprobs) {
    this.logprobs = logprobs;
  }

  /** The log-probability of all choices together, in nats. */
  public double logMass() {
    LogSum sum = new LogSum();
    for (double logprob : logprobs) {
      sum.add(logprob);
    }
    return sum.log();
  }

  /**
   * The probabilities of the choices among each other, {@code softmax(logprobs / temperature)}.
   *
   * @param temperature more than 0; 1 is the model's own conditional distribution
   */
  public float[] conditional(double temperature) {
    return Softmax.rounded(logprobs, temperature);
  }

  /** The likeliest choice, the first one if several tie. */
  public int likeliest() {
    int likeliest = 0;
    for (int i = 1; i < logprobs.length; i++) {
      likeliest = logprobs[i] > logprobs[likeliest] ? i : likeliest;
    }
    return likeliest;
  }
}
