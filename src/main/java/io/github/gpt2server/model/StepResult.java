package io.github.gpt2server.model;

import java.nio.FloatBuffer;

/**
 * The logits of one step, one row of {@code [vocab]} for each that the plan asked for. Valid until
 * closed. Exponentials and sums over the vocabulary are computed in libtorch; rows are copied to
 * Java only where they are asked for.
 */
public interface StepResult extends AutoCloseable {

  /**
   * The likeliest token of each row, before any edit through {@link #logits}; -1 for a row in which
   * a logit is NaN or the largest is infinite.
   */
  int[] argmax();

  /**
   * One row of logits. Writing into it changes what {@link #softmax} sees, but not {@link #argmax}
   * and {@link #logSumExp} if these were called before.
   */
  FloatBuffer logits(int row);

  /**
   * The hidden state of a row, {@code [width]}: the output of the last block after the last layer
   * norm.
   *
   * @throws IllegalStateException if the plan did not request {@link StepPlan#states}
   */
  float[] state(int row);

  /**
   * {@code log(sum(exp(logits / temperature)))} of the given rows: a token's log-probability, in
   * nats, is its logit divided by the temperature less this.
   */
  float[] logSumExp(int[] rows, double[] temperatures);

  /**
   * The likelihood of a token at each of the given rows, by {@code softmax(logits / temperature)}.
   *
   * @param tokens one for each row
   * @return three arrays, parallel to the rows: the token's log-probability and the distribution's
   *     entropy, both in nats, and how many tokens are likelier
   */
  float[][] score(int[] rows, int[] tokens, double[] temperatures);

  /**
   * {@code softmax(logits / temperature)} of the given rows, edits included, in float32.
   *
   * @return for each given row its probabilities {@code [vocab]}, read-only
   */
  FloatBuffer[] softmax(int[] rows, double[] temperatures);

  @Override
  void close();
}
