package io.github.gpt2server.web.ratelimit;

import io.github.bucket4j.TimeMeter;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The limits of one key with what is used of them. Any thread may ask. */
final class Allowance {
  private final String owner;
  private final Optional<MinuteBucket> requests;
  private final Optional<MinuteBucket> tokens;
  private final int concurrentRequests;
  private final AtomicInteger running = new AtomicInteger();

  /**
   * An allowance of which nothing is used.
   *
   * @param owner the key in sentences, such as "this API key"
   */
  Allowance(String owner, RateLimit limit, TimeMeter clock) {
    this.owner = owner;
    this.requests = bucket(limit.requestsPerMinute(), clock);
    this.tokens = bucket(limit.tokensPerMinute(), clock);
    this.concurrentRequests = limit.concurrentRequests();
  }

  private static Optional<MinuteBucket> bucket(int limit, TimeMeter clock) {
    return limit == 0 ? Optional.empty() : Optional.of(new MinuteBucket(limit, clock));
  }

  /** The key in sentences. */
  String owner() {
    return owner;
  }

  /** Requests a minute; empty without a limit. */
  Optional<MinuteBucket> requests() {
    return requests;
  }

  /** Tokens a minute; empty without a limit. */
  Optional<MinuteBucket> tokens() {
    return tokens;
  }

  /** The number of requests at once; 0 without a limit. */
  int concurrentRequests() {
    return concurrentRequests;
  }

  /** Begins a request; returns whether there may be one more. */
  boolean enter() {
    int before =
        running.getAndUpdate(
            count -> concurrentRequests == 0 || count < concurrentRequests ? count + 1 : count);
    return concurrentRequests == 0 || before < concurrentRequests;
  }

  /** Ends a request that had entered. */
  void leave() {
    running.decrementAndGet();
  }
}
