package io.github.gpt2server.engine.request;

/**
 * Beam search in place of sampling, with the rules of Hugging Face transformers (its {@code
 * _beam_search} of versions 4.50 and later). A beam's score is the sum of its tokens'
 * log-probabilities divided by the number of generated tokens, a stop token included, to the power
 * of the length penalty.
 *
 * @param width number of beams, at least 2, each of which takes a KV-cache slot
 * @param results number of finished beams to report, at most {@code width}
 * @param lengthPenalty exponent; above 0 favours long texts, because log-probabilities are negative
 * @param earlyStopping when the search ends
 */
public record BeamSearch(int width, int results, double lengthPenalty, EarlyStopping earlyStopping)
    implements TextSearch {

  /** The condition, besides the largest number of tokens, under which a search ends. */
  public enum EarlyStopping {
    /** As many beams have finished as the search is wide. */
    FULL,
    /**
     * In addition, the best running beam would score no better than the worst finished one if it
     * ended now.
     */
    UNLIKELY,
    /**
     * In addition, it would score no better either with the largest number of tokens, if the length
     * penalty is positive.
     */
    NEVER
  }

  /** Validates. */
  public BeamSearch {
    if (width < 2 || results < 1 || results > width) {
      throw new IllegalArgumentException(
          "%d beams of which %d are reported".formatted(width, results));
    }
  }
}
