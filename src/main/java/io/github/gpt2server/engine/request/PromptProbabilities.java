package io.github.gpt2server.engine.request;

import io.github.gpt2server.engine.result.Logprobs;

/**
 * Which probabilities of the prompt a sequence wants reported.
 *
 * @param nextTokenLogits whether all logits after the last prompt token are reported
 * @param scoredFrom the first prompt position (1 or more) whose token's log-probability, given the
 *     tokens before it, is reported, with all positions after it; -1 for none
 * @param temperature divides the logits before the log-probabilities of scored tokens are taken
 * @param ranked whether ranks and entropies are reported as well; without them only what {@link
 *     Logprobs} asks for is, which takes 15 to 25 % less time
 */
public record PromptProbabilities(
    boolean nextTokenLogits, int scoredFrom, double temperature, boolean ranked) {

  /** Nothing is reported. */
  public static final PromptProbabilities NONE = new PromptProbabilities(false, -1, 1, false);

  /** All logits of the next token. */
  public static final PromptProbabilities NEXT_TOKEN = new PromptProbabilities(true, -1, 1, false);

  /** What {@link Logprobs} asks for at every token of the prompt but the first. */
  public static final PromptProbabilities ECHO = new PromptProbabilities(false, 1, 1, false);

  /** All there is of the prompt's tokens from {@code position} on, at a temperature. */
  public static PromptProbabilities scoredFrom(int position, double temperature) {
    return new PromptProbabilities(false, position, temperature, true);
  }
}
