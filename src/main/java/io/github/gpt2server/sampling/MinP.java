package io.github.gpt2server.sampling;

/**
 * Min-p sampling: keeps the tokens at least {@code ratio} times as likely as the likeliest (Nguyen
 * et al. 2024, "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs").
 *
 * @param ratio from 0 to 1
 */
record MinP(double ratio) implements TruncationFilter {

  @Override
  public void truncate(Candidates candidates) {
    candidates.keepAtLeast(ratio * candidates.largestProbability());
  }

  @Override
  public Removal removal() {
    return Removal.MIN_P;
  }
}
