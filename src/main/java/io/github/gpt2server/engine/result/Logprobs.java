package io.github.gpt2server.engine.result;

/**
 * The log-probabilities to report at each position.
 *
 * @param wanted whether any are reported, at least that of the actual token
 * @param top number of likeliest tokens that are reported too
 * @param tokenIds further tokens that are reported too
 */
public record Logprobs(boolean wanted, int top, int[] tokenIds) {

  public static final Logprobs NONE = new Logprobs(false, 0, new int[0]);

  /** Log-probabilities of the actual token and of the {@code top} likeliest. */
  public static Logprobs top(int top) {
    return new Logprobs(true, top, new int[0]);
  }

  /** Returns whether tokens other than the actual one are reported. */
  boolean wantsOthers() {
    return top > 0 || tokenIds.length > 0;
  }
}
