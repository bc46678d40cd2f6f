package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;

/** Whether a submitted request shall still be worked on. */
public final class Deadline {
  private final long deadline;
  private final Runnable wake;
  private volatile boolean cancelled;

  /**
   * @param timeout counted from now on; clock changes do not touch it
   * @param wake tells the engine thread to look
   */
  public Deadline(Duration timeout, Runnable wake) {
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.wake = wake;
  }

  /** Asks the engine to give up; any thread may. */
  void cancel() {
    cancelled = true;
    wake();
  }

  /** Tells the engine thread to look. */
  void wake() {
    wake.run();
  }

  /** How the request must end at the time {@code now} of {@link System#nanoTime}, or null. */
  public Outcome end(long now) {
    if (cancelled) {
      return Outcome.CANCELLED;
    }
    return now - deadline > 0 ? Outcome.TIMED_OUT : null;
  }
}
