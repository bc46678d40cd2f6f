package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.PromptScores;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A text that may follow a prompt. Both are tokenized apart, so that the boundary between them is a
 * boundary of tokens; its probability is the product of its tokens' (the chain rule).
 *
 * @param prompt token ids, at least one
 * @param tokens token ids, at least one
 */
public record Continuation(int[] prompt, int[] tokens) {

  /** How many tokens both have together. */
  public int length() {
    return prompt.length + tokens.length;
  }

  /**
   * What the engine must score; continuations of one prompt share the reading of it.
   *
   * @param temperature divides the logits
   * @param salt only prompts with the same salt share anything
   */
  public SequenceRequest request(double temperature, String salt) {
    return SequenceRequest.reading(
        IntStream.concat(Arrays.stream(prompt), Arrays.stream(tokens)).toArray(),
        PromptProbabilities.scoredFrom(prompt.length, temperature),
        Logprobs.NONE,
        new PrefixReuse(prompt.length, salt));
  }

  /** The natural logarithm of the probability, from the scores of {@link #request}. */
  public static double logLikelihood(PromptScores scores) {
    double sum = 0;
    for (float logprob : scores.logprobs()) {
      sum += logprob;
    }
    return sum;
  }
}
