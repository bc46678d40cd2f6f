package io.github.gpt2server.api.limit;

import io.github.gpt2server.memory.MemoryBudget;
import java.time.Duration;

/**
 * The limits of one request, as the settings give them.
 *
 * @param requestTimeout the longest time that a request may take, waiting included
 * @param maxLogprobs the number of probabilities that one position may report; 0 stands for the
 *     whole vocabulary
 * @param strictFields whether every field that an endpoint does not know is refused
 * @param maxInspectValues the number of values that the answer of one inspection may hold
 * @param maxBodyBytes the limit of a request body
 * @param maxSequences the number of sequences that one request may generate or score: prompts times
 *     choices
 * @param maxTokens the reading of {@code max_tokens}
 * @param memory the memory that all requests together may hold
 */
public record ApiLimits(
    Duration requestTimeout,
    int maxLogprobs,
    boolean strictFields,
    int maxInspectValues,
    int maxBodyBytes,
    int maxSequences,
    MaxTokens maxTokens,
    MemoryBudget memory) {

  /** The default limit of a body, 8 MiB. */
  public static final int DEFAULT_MAX_BODY_BYTES = 8 << 20;

  /** The default number of sequences that a request may have. */
  public static final int DEFAULT_MAX_SEQUENCES = 128;

  /** The limits that have settings of their own, and the usual ones for the rest. */
  public ApiLimits(
      Duration requestTimeout,
      int maxLogprobs,
      boolean strictFields,
      int maxInspectValues,
      MaxTokens maxTokens,
      MemoryBudget memory) {
    this(
        requestTimeout,
        maxLogprobs,
        strictFields,
        maxInspectValues,
        DEFAULT_MAX_BODY_BYTES,
        DEFAULT_MAX_SEQUENCES,
        maxTokens,
        memory);
  }

  /** The number of probabilities that one position may report with a vocabulary of this size. */
  public int maxLogprobs(int vocabSize) {
    return maxLogprobs == 0 ? vocabSize : Math.min(maxLogprobs, vocabSize);
  }
}
