package io.github.gpt2server.api.limit;

import io.github.gpt2server.memory.MemoryBudget;
import java.time.Duration;

/**
 * What one request may ask for, as set by whoever runs the server.
 *
 * @param requestTimeout how long a request may take, waiting included
 * @param maxLogprobs how many probabilities one position may report; 0 stands for the whole
 *     vocabulary
 * @param strictFields whether every field that an endpoint does not know is refused
 * @param maxInspectValues how many numbers the answer of one inspection may hold
 * @param maxBodyBytes how large a request body may be
 * @param maxSequences how many sequences one request may generate or score: prompts times choices
 * @param maxTokens how {@code max_tokens} is read
 * @param memory what all requests together may hold
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

  /** The body size that is allowed if nobody says otherwise, 8 MiB. */
  public static final int DEFAULT_MAX_BODY_BYTES = 8 << 20;

  /** How many sequences a request may have if nobody says otherwise. */
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

  /** How many probabilities one position may report with a vocabulary of this size. */
  public int maxLogprobs(int vocabSize) {
    return maxLogprobs == 0 ? vocabSize : Math.min(maxLogprobs, vocabSize);
  }
}
