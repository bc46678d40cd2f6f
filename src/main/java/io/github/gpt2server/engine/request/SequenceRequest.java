package io.github.gpt2server.engine.request;

import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.sampling.SamplingParameters;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Request for one sequence. Valid by construction: prompt and output fit the context, token ids are
 * in the vocabulary.
 *
 * @param prompt token ids, at least one
 * @param maxTokens largest number of generated tokens; 0 only reads the prompt
 * @param sampling parameters of sampling
 * @param stopTokenIds tokens that end the sequence, end-of-text included unless it is ignored; such
 *     a token counts as generated but adds no text, unless {@code includeStopString}
 * @param stopStrings strings that end the sequence; the text ends before the first match
 * @param includeStopString whether the text ends after the stop string or token instead
 * @param promptProbabilities probabilities of the prompt to report
 * @param logprobs log-probabilities to report at generated tokens and at scored prompt tokens
 * @param reuse part of the prompt that the prefix cache may provide and retain
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
   * Creates a request that reads a text and generates nothing.
   *
   * @param tokens token ids, at least one
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

  /** Validates, and copies the collections. */
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

  /** Approximate memory of the events of all its tokens, in bytes, unless they hold whole rows. */
  long eventBytes() {
    return maxTokens
        * (SequenceEvent.Token.BYTES
            + TopTokens.bytes(logprobs.top())
            + 4L * logprobs.tokenIds().length);
  }

  /** This request, sharing the prefix cache only with requests of the same owner. */
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

  /** This request with other parameters of sampling. */
  public SequenceRequest with(SamplingParameters sampling) {
    return new SequenceRequest(
        prompt,
        maxTokens,
        sampling,
        stopTokenIds,
        stopStrings,
        includeStopString,
        promptProbabilities,
        logprobs,
        reuse);
  }

  /** Returns whether each generated token reports a whole row of logits, {@code [vocab]}. */
  public boolean reportsRows() {
    return TopTokens.retainsRow(logprobs.top());
  }

  /** Creates a request that reads a text, without {@link Logprobs} and prefix cache. */
  public static SequenceRequest reading(int[] tokens, PromptProbabilities probabilities) {
    return reading(tokens, probabilities, Logprobs.NONE, PrefixReuse.NONE);
  }
}
