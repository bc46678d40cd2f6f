package io.github.gpt2server.engine.request;

/**
 * Contrastive search in place of sampling (Su et al. 2022, "A Contrastive Framework for Neural Text
 * Generation"), as in Hugging Face transformers: the next token is the candidate of the highest
 * {@code (1 - penalty) * p - penalty * s}. p is its probability, and s the largest cosine of its
 * hidden state and those of all earlier tokens, the prompt's included.
 *
 * @param width number of candidates, the likeliest tokens; at least 2
 * @param penalty weight of the similarity, above 0 and at most 1
 */
public record ContrastiveSearch(int width, double penalty) implements TextSearch {

  /** Validates. */
  public ContrastiveSearch {
    if (width < 2 || !(penalty > 0 && penalty <= 1)) {
      throw new IllegalArgumentException("%d candidates, penalty %s".formatted(width, penalty));
    }
  }

  @Override
  public int results() {
    return 1;
  }
}
