package io.github.gpt2server.testing;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.memory.MemoryBudget;
import java.time.Duration;

/** Limits of requests for tests that start no server. */
public final class ApiLimitsFixture {

  /** A time limit of 30 seconds, 1000 inspected values, and the defaults otherwise. */
  public static final ApiLimits LIMITS = with(MaxTokens.DEFAULT);

  private ApiLimitsFixture() {}

  /** The same, with another reading of {@code max_tokens}. */
  public static ApiLimits with(MaxTokens maxTokens) {
    return limits(0, maxTokens);
  }

  /** The same, with at most this number of log-probabilities at a position. */
  public static ApiLimits withMaxLogprobs(int maxLogprobs) {
    return limits(maxLogprobs, MaxTokens.DEFAULT);
  }

  private static ApiLimits limits(int maxLogprobs, MaxTokens maxTokens) {
    return new ApiLimits(
        Duration.ofSeconds(30), maxLogprobs, false, 1000, maxTokens, MemoryBudget.UNLIMITED);
  }
}
