package io.github.gpt2server.web.ratelimit;

import io.github.bucket4j.TimeMeter;
import io.github.gpt2server.web.Caller;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The allowance of each API key. Requests without a key, where none is needed, have one together:
 * without a secret, whoever is refused could come again as another.
 */
public final class RateLimiter {
  private static final String ANONYMOUS = "";

  private final RateLimitOptions options;
  private final Supplier<Set<String>> clients;
  private final TimeMeter clock;
  private final ConcurrentHashMap<String, Allowance> allowances = new ConcurrentHashMap<>();

  /**
   * Limits by these settings.
   *
   * @param clients the {@link Caller#client} of every key that is known now; others are forgotten
   */
  public RateLimiter(RateLimitOptions options, Supplier<Set<String>> clients) {
    this(options, clients, TimeMeter.SYSTEM_NANOTIME);
  }

  RateLimiter(RateLimitOptions options, Supplier<Set<String>> clients, TimeMeter clock) {
    this.options = options;
    this.clients = clients;
    this.clock = clock;
  }

  /** The caller's allowance. */
  Allowance of(Caller caller) {
    String id = caller.isAnonymous() ? ANONYMOUS : caller.client();
    Allowance known = allowances.get(id);
    if (known != null) {
      return known;
    }
    Allowance added =
        allowances.computeIfAbsent(
            id, any -> new Allowance(owner(caller), options.of(caller.keyName()), clock));
    Set<String> current = clients.get();
    allowances.keySet().removeIf(other -> !other.equals(id) && !current.contains(other));
    return added;
  }

  /** The number of keys whose use is known. */
  int size() {
    return allowances.size();
  }

  private static String owner(Caller caller) {
    if (caller.isAnonymous()) {
      return "all requests without an API key";
    }
    return caller.isUnnamed() ? "this API key" : "the API key '" + caller.keyName() + "'";
  }
}
