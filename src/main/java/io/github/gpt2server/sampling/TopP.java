package io.github.gpt2server.sampling;

/**
 * Nucleus sampling: keeps the smallest set of likeliest tokens whose probabilities sum to at least
 * {@code p} (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section 3.1).
 *
 * @param p from 0 to 1
 */
record TopP(double p) implements TruncationFilter {

  @Override
  public void truncate(Candidates candidates) {
    candidates.keepLikeliestMass(p);
  }

  @Override
  public Removal removal() {
    return Removal.TOP_P;
  }
}
