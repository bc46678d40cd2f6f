package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;

/**
 * Deadline and cancellation of a submitted request. Any thread may cancel; the engine thread asks
 * once a turn.
 */
public final class Deadline {
  private final long deadline;
  private final Runnable wake;
  private volatile boolean cancelled;

  /**
   * Creates a deadline.
   *
   * @param timeout counted from now, unaffected by changes of the wall clock
   * @param wake wakes the engine thread
   */
  public Deadline(Duration timeout, Runnable wake) {
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.wake = wake;
  }

  /** Cancels the request. */
  void cancel() {
    cancelled = true;
    wake();
  }

  /** Wakes the engine thread. */
  void wake() {
    wake.run();
  }

  /**
   * The outcome with which the request must end, or null if it may go on.
   *
   * @param now a time of {@link System#nanoTime}
   */
  public Outcome end(long now) {
    if (cancelled) {
      return Outcome.CANCELLED;
    }
    return now - deadline > 0 ? Outcome.TIMED_OUT : null;
  }
}
