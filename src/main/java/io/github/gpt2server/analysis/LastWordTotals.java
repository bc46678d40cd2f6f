package io.github.gpt2server.analysis;

/**
 * Accuracy and perplexity of last-word prediction, as lm-evaluation-harness defines them for {@code
 * lambada_openai}.
 *
 * @param passages number of passages
 * @param correct number of last words that greedy decoding would generate, token for token
 * @param logLikelihood log-probability of all last words given their contexts, in nats
 */
public record LastWordTotals(long passages, long correct, double logLikelihood) {

  /** Totals of no passage. */
  public static final LastWordTotals ZERO = new LastWordTotals(0, 0, 0);

  /** These totals and one more last word. */
  public LastWordTotals plus(ScoringPass.Scores word) {
    return new LastWordTotals(
        passages + 1, correct + (word.greedy() ? 1 : 0), logLikelihood + word.logLikelihood());
  }

  /** The share of correct last words. */
  public double accuracy() {
    return (double) correct / passages;
  }

  /** The standard error of {@link #accuracy} as a mean of zeros and ones; NaN for one passage. */
  public double accuracyStandardError() {
    return Math.sqrt(accuracy() * (1 - accuracy()) / (passages - 1));
  }

  /** {@code exp(-logLikelihood / passages)}, per word whatever its number of tokens. */
  public double perplexity() {
    return StrictMath.exp(-logLikelihood / passages);
  }
}
