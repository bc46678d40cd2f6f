package io.github.gpt2server.engine.result;

/**
 * Which log-probabilities are reported at each position that reports any.
 *
 * @param wanted whether any are
 * @param top how many of the likeliest tokens, beside the token that stands there
 * @param tokenIds further tokens
 */
public record Logprobs(boolean wanted, int top, int[] tokenIds) {

  /** None. */
  public static final Logprobs NONE = new Logprobs(false, 0, new int[0]);

  /** Those of the token that stands there and of the {@code top} likeliest. */
  public static Logprobs top(int top) {
    return new Logprobs(true, top, new int[0]);
  }

  /** Whether more is wanted than the log-probability of the token that stands there. */
  boolean wantsOthers() {
    return top > 0 || tokenIds.length > 0;
  }
}
