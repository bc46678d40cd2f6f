package io.github.gpt2server.boot.settings;

import io.github.gpt2server.web.ratelimit.RateLimitOptions;
import io.github.gpt2server.web.ratelimit.RateLimitOptions.KeyOptions;
import io.github.gpt2server.web.security.ApiKey;
import java.util.List;

/** Checks the settings {@code gpt2.limits.*}. */
final class LimitsCheck {
  private static final String GROUP = "gpt2.limits.";

  private LimitsCheck() {}

  /**
   * Checks the values, and that every name is that of a key.
   *
   * @param file whether a file has more keys, whose names may change
   * @throws InvalidSettingException for the first that is not allowed
   */
  static void check(RateLimitOptions limits, List<ApiKey> keys, boolean file) {
    requireLimits(
        GROUP,
        new KeyOptions(
            limits.requestsPerMinute(), limits.tokensPerMinute(), limits.concurrentRequests()));
    limits
        .keys()
        .forEach(
            (name, own) -> {
              requireLimits(GROUP + "keys." + name + ".", own);
              if (!file && keys.stream().noneMatch(key -> key.name().equals(name))) {
                throw InvalidSettingException.of(
                    GROUP
                        + "keys."
                        + name
                        + " has limits for a name that no API key has: write the name before its"
                        + " key in gpt2.api-keys, as in '"
                        + name
                        + " KEY'.");
              }
            });
  }

  private static void requireLimits(String group, KeyOptions limits) {
    requireLimit(group + "requests-per-minute", limits.requestsPerMinute());
    requireLimit(group + "tokens-per-minute", limits.tokensPerMinute());
    requireLimit(group + "concurrent-requests", limits.concurrentRequests());
  }

  private static void requireLimit(String name, Integer limit) {
    if (limit != null && limit < 0) {
      throw new InvalidSettingException(
          name, limit.toString(), "a whole number of at least 0 (0 sets no limit)");
    }
  }
}
