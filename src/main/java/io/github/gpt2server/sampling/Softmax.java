package io.github.gpt2server.sampling;

/**
 * Probabilities from logits or log-probabilities, computed in double precision relative to the
 * largest, so that no exponential overflows and not all of them underflow.
 */
public final class Softmax {

  private Softmax() {}

  /**
   * The probabilities {@code softmax(logits / temperature)}, rounded to float32.
   *
   * @param logits at least one more than negative infinity; only read
   * @param temperature more than 0
   */
  public static float[] rounded(float[] logits, double temperature) {
    double[] wide = new double[logits.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = logits[i];
    }
    return rounded(wide, temperature);
  }

  /** The same of float64 numbers. */
  public static float[] rounded(double[] logits, double temperature) {
    double[] exact = of(logits, temperature);
    float[] probabilities = new float[exact.length];
    for (int i = 0; i < exact.length; i++) {
      probabilities[i] = (float) exact[i];
    }
    return probabilities;
  }

  /**
   * The probabilities {@code softmax(logits / temperature)}.
   *
   * @param logits at least one more than negative infinity; only read
   * @param temperature more than 0
   */
  public static double[] of(double[] logits, double temperature) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      largest = Math.max(largest, logit);
    }
    double[] probabilities = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = StrictMath.exp((logits[i] - largest) / temperature);
      sum += probabilities[i];
    }
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }
}
