package io.github.gpt2server.text;

import java.time.Duration;

/** Limits reports of progress to one line every ten seconds. Not thread-safe. */
public final class LineInterval {
  private static final long NANOS = Duration.ofSeconds(10).toNanos();

  private long last;

  /**
   * Starts an interval.
   *
   * @param now the time in nanoseconds, on any clock
   */
  public LineInterval(long now) {
    this.last = now;
  }

  /** Starts the next interval if this one is over, and returns whether it is. */
  public boolean isDue(long now) {
    if (now - last < NANOS) {
      return false;
    }
    last = now;
    return true;
  }
}
