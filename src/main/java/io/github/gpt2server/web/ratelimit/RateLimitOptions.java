package io.github.gpt2server.web.ratelimit;

import java.util.Map;
import java.util.Objects;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings {@code gpt2.limits.*}.
 *
 * @param requestsPerMinute the number of requests that each API key may send in a minute; 0 for no
 *     limit
 * @param tokensPerMinute the number of tokens that requests of each API key may read and generate
 *     in a minute; 0 for no limit
 * @param concurrentRequests the number of requests that each API key may have at once; 0 for no
 *     limit
 * @param keys other limits for API keys by their names, each with requests-per-minute,
 *     tokens-per-minute and concurrent-requests
 */
public record RateLimitOptions(
    @DefaultValue("0") int requestsPerMinute,
    @DefaultValue("0") int tokensPerMinute,
    @DefaultValue("0") int concurrentRequests,
    @DefaultValue Map<String, KeyOptions> keys) {

  private static final KeyOptions NO_OTHERS = new KeyOptions(null, null, null);

  /**
   * Limits of one key; null leaves a limit as it is for all keys.
   *
   * @param requestsPerMinute the number of requests in a minute
   * @param tokensPerMinute the number of tokens in a minute
   * @param concurrentRequests the number of requests at once
   */
  public record KeyOptions(
      Integer requestsPerMinute, Integer tokensPerMinute, Integer concurrentRequests) {}

  /** Copies the map. */
  public RateLimitOptions {
    keys = Map.copyOf(keys);
  }

  /** The limits of the key with this name. */
  RateLimit of(String name) {
    KeyOptions own = keys.getOrDefault(name, NO_OTHERS);
    return new RateLimit(
        Objects.requireNonNullElse(own.requestsPerMinute(), requestsPerMinute),
        Objects.requireNonNullElse(own.tokensPerMinute(), tokensPerMinute),
        Objects.requireNonNullElse(own.concurrentRequests(), concurrentRequests));
  }
}
