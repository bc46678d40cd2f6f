package io.github.gpt2server.web.ratelimit;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/**
 * A number of units per minute as a token bucket: full at first, and refilled evenly. Thus up to
 * the limit may be taken at once, and in {@code t} minutes at most {@code limit * (1 + t)}. Any
 * thread may take.
 */
final class MinuteBucket {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final int limit;
  private final Bucket bucket;

  MinuteBucket(int limit, TimeMeter clock) {
    this.limit = limit;
    this.bucket =
        Bucket.builder()
            .withCustomTimePrecision(clock)
            .addLimit(bandwidth -> bandwidth.capacity(limit).refillGreedy(limit, MINUTE))
            .build();
  }

  /** The number of units in a minute. */
  int limit() {
    return limit;
  }

  /**
   * Takes units, all or none.
   *
   * @param units from 1 to the limit
   * @return zero if they were taken, else the time after which they may be there
   */
  Duration take(long units) {
    return Duration.ofNanos(bucket.tryConsumeAndReturnRemaining(units).getNanosToWaitForRefill());
  }

  /** Gives units back that were taken. */
  void giveBack(long units) {
    if (units > 0) {
      bucket.addTokens(units);
    }
  }

  /** The number of units that are left. */
  long remaining() {
    return bucket.getAvailableTokens();
  }

  /** The time in which so many remaining units become the limit, if none is taken. */
  Duration untilFull(long remaining) {
    return MINUTE.multipliedBy(limit - remaining).dividedBy(limit);
  }
}
