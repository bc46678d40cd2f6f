package io.github.gpt2server.engine.request;

import io.github.gpt2server.engine.result.Logprobs;

/**
 * Probabilities of the prompt that a sequence reports.
 *
 * @param nextTokenLogits whether the logits after the last prompt token, {@code [vocab]}, are
 *     reported
 * @param scoredFrom first prompt position, at least 1, from which the log-probability of each token
 *     given the tokens before it is reported; -1 for none
 * @param temperature divisor of the logits of scored tokens
 * @param ranked whether ranks and entropies are reported too; otherwise only what {@link Logprobs}
 *     requests, which takes 15 to 25 % less time
 */
public record PromptProbabilities(
    boolean nextTokenLogits, int scoredFrom, double temperature, boolean ranked) {

  /** No probabilities. */
  public static final PromptProbabilities NONE = new PromptProbabilities(false, -1, 1, false);

  /** The logits of the next token. */
  public static final PromptProbabilities NEXT_TOKEN = new PromptProbabilities(true, -1, 1, false);

  /** The requested {@link Logprobs} of every prompt token but the first. */
  public static final PromptProbabilities ECHO = new PromptProbabilities(false, 1, 1, false);

  /** Log-probabilities, ranks and entropies of the prompt tokens from {@code position} on. */
  public static PromptProbabilities scoredFrom(int position, double temperature) {
    return new PromptProbabilities(false, position, temperature, true);
  }
}
