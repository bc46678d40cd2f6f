package io.github.gpt2server.engine.request;

import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.sampling.SamplingParameters;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What one sequence asks of the engine. Valid by construction: prompt and output fit the context,
 * token ids are in the vocabulary.
 *
 * @param prompt token ids, at least one
 * @param maxTokens how many tokens to generate at the most; 0 only looks at the prompt
 * @param sampling how tokens are chosen
 * @param stopTokenIds tokens that end the sequence, end-of-text included unless it is ignored; such
 *     a token counts as generated but adds no text, unless {@code includeStopString}
 * @param stopStrings strings that end the sequence; the text ends before the first of them
 * @param includeStopString whether the text ends after the stop string or token instead
 * @param promptProbabilities what to report of the prompt, or {@link PromptProbabilities#NONE}
 * @param logprobs log-probabilities to report at generated tokens and at scored prompt tokens
 * @param reuse what of the prompt the prefix cache may serve and keep
 */
public record SequenceRequest(
    int[] prompt,
    int maxTokens,
    SamplingParameters sampling,
    Set<Integer> stopTokenIds,
    List<String> stopStrings,
    boolean includeStopString,
    PromptProbabilities promptProbabilities,
    Logprobs logprobs,
    PrefixReuse reuse) {

  /**
   * A sequence that only reads: nothing is generated.
   *
   * @param tokens at least one
   */
  public static SequenceRequest reading(
      int[] tokens, PromptProbabilities probabilities, Logprobs logprobs, PrefixReuse reuse) {
    return new SequenceRequest(
        tokens,
        0,
        SamplingParameters.GREEDY,
        Set.of(),
        List.of(),
        false,
        probabilities,
        logprobs,
        reuse);
  }

  /** Checks and copies what could be changed later. */
  public SequenceRequest {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("a prompt needs at least one token");
    }
    if (reuse.length() > prompt.length) {
      throw new IllegalArgumentException("no more can be reused than the prompt has");
    }
    stopTokenIds = Set.copyOf(stopTokenIds);
    stopStrings = List.copyOf(stopStrings);
    Objects.requireNonNull(sampling);
    Objects.requireNonNull(promptProbabilities);
    Objects.requireNonNull(logprobs);
  }

  /** About how much memory the events of all its tokens take, in bytes, unless they hold rows. */
  long eventBytes() {
    return maxTokens
        * (SequenceEvent.Token.BYTES
            + TopTokens.bytes(logprobs.top())
            + 4L * logprobs.tokenIds().length);
  }

  /** The same with a part of the prefix cache that only this owner's requests share. */
  SequenceRequest inCacheOf(String owner) {
    return new SequenceRequest(
        prompt,
        maxTokens,
        sampling,
        stopTokenIds,
        stopStrings,
        includeStopString,
        promptProbabilities,
        logprobs,
        reuse.of(owner));
  }

  /** Whether each generated token reports a whole row of logits. */
  public boolean reportsRows() {
    return TopTokens.keepsRow(logprobs.top());
  }

  /** The same without other tokens' log-probabilities and without the prefix cache. */
  public static SequenceRequest reading(int[] tokens, PromptProbabilities probabilities) {
    return reading(tokens, probabilities, Logprobs.NONE, PrefixReuse.NONE);
  }
}
