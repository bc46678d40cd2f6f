package io.github.gpt2server.analysis;

/**
 * How well last words were predicted, as lm-evaluation-harness reports it for {@code
 * lambada_openai}.
 *
 * @param passages how many there were
 * @param correct how many last words greedy decoding would have written, token for token
 * @param logLikelihood of all last words given what stands before them, in nats
 */
public record LastWordTotals(long passages, long correct, double logLikelihood) {

  /** Nothing, to add to. */
  public static final LastWordTotals ZERO = new LastWordTotals(0, 0, 0);

  /** With one more passage's last word. */
  public LastWordTotals plus(ScoringPass.Scores word) {
    return new LastWordTotals(
        passages + 1, correct + (word.greedy() ? 1 : 0), logLikelihood + word.logLikelihood());
  }

  /** The share that is correct. */
  public double accuracy() {
    return (double) correct / passages;
  }

  /** The standard error of {@link #accuracy} as a mean of zeros and ones; NaN for one passage. */
  public double accuracyStandardError() {
    return Math.sqrt(accuracy() * (1 - accuracy()) / (passages - 1));
  }

  /** {@code exp(-logLikelihood / passages)}: per word, whatever its number of tokens. */
  public double perplexity() {
    return Math.exp(-logLikelihood / passages);
  }
}
