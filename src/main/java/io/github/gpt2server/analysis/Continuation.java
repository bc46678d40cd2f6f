package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.PromptScores;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A possible continuation of a prompt. The two are tokenized separately, so that the boundary
 * between them is a token boundary. Its probability is the product of its tokens' (the chain rule).
 *
 * @param prompt token ids, at least one
 * @param tokens token ids, at least one
 */
public record Continuation(int[] prompt, int[] tokens) {

  /** Number of tokens of prompt and continuation. */
  public int length() {
    return prompt.length + tokens.length;
  }

  /**
   * The request for the engine. Continuations of one prompt share it in the prefix cache.
   *
   * @param temperature divisor of the logits
   * @param salt separates prefix caches
   */
  public SequenceRequest request(double temperature, String salt) {
    return SequenceRequest.reading(
        IntStream.concat(Arrays.stream(prompt), Arrays.stream(tokens)).toArray(),
        PromptProbabilities.scoredFrom(prompt.length, temperature),
        Logprobs.NONE,
        new PrefixReuse(prompt.length, salt));
  }

  /** The log-probability in nats, from the scores of {@link #request}. */
  public static double logLikelihood(PromptScores scores) {
    double sum = 0;
    for (float logprob : scores.logprobs()) {
      sum += logprob;
    }
    return sum;
  }
}
