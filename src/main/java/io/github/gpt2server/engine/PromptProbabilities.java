package io.github.gpt2server.engine;

/**
 * Which probabilities of the prompt a sequence wants reported.
 *
 * @param nextTokenLogits whether all logits after the last prompt token are reported
 * @param scoredFrom the first prompt position (1 or more) whose token's log-probability, given the
 *     tokens before it, is reported, with all positions after it; -1 for none
 * @param temperature divides the logits before the log-probabilities of scored tokens are taken
 */
public record PromptProbabilities(boolean nextTokenLogits, int scoredFrom, double temperature) {

  /** Nothing is reported. */
  public static final PromptProbabilities NONE = new PromptProbabilities(false, -1, 1);

  /** All logits of the next token. */
  public static final PromptProbabilities NEXT_TOKEN = new PromptProbabilities(true, -1, 1);

  /** Log-probabilities of the prompt's tokens from {@code position} on, at a temperature. */
  public static PromptProbabilities scoredFrom(int position, double temperature) {
    return new PromptProbabilities(false, position, temperature);
  }
}
