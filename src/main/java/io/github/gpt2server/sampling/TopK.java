package io.github.gpt2server.sampling;

/**
 * Top-k sampling: keeps the {@code k} likeliest tokens (Fan et al. 2018, "Hierarchical Neural Story
 * Generation").
 *
 * @param k at least 1; more than there are tokens keeps all
 */
record TopK(int k) implements TruncationFilter {

  @Override
  public void truncate(Candidates candidates) {
    candidates.keepLikeliest(k);
  }

  @Override
  public Removal removal() {
    return Removal.TOP_K;
  }
}
