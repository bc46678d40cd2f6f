package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A request to the engine as its submitter sees it. The engine thread writes, one other thread
 * reads; {@link #cancel} may be called from anywhere, any number of times.
 */
public abstract sealed class EngineHandle permits GenerationHandle, TaskHandle {
  private final RequestProgress progress;
  private final Duration timeout;
  private final Deadline deadline;
  private final CountDownLatch ended = new CountDownLatch(1);
  private Outcome outcome;
  private Throwable failure;
  private volatile boolean endSeen;

  EngineHandle(RequestProgress progress, Duration timeout, Deadline deadline) {
    this.progress = progress;
    this.timeout = timeout;
    this.deadline = deadline;
  }

  /** Names the request in logs. */
  public final String id() {
    return progress.id();
  }

  /** How far the request has come. */
  public final RequestProgress progress() {
    return progress;
  }

  /** How long the request may take from its submission. */
  public final Duration timeout() {
    return timeout;
  }

  /** Waits up to {@code limit} for the end; true if it has come. */
  public final boolean awaitEnd(Duration limit) throws InterruptedException {
    if (ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      endSeen = true;
    }
    return endSeen;
  }

  /**
   * How it ended; null until the reader has come to the end, by reading the last of what there is
   * or through {@link #awaitEnd}, so that nobody takes the end for the last event.
   */
  public final Outcome outcome() {
    return endSeen ? result() : null;
  }

  /** What broke if the outcome is {@link Outcome#FAILED}, else null. */
  public final synchronized Throwable failure() {
    return failure;
  }

  /** Asks the engine to give up; what it holds is free within one step. */
  public final void cancel() {
    deadline.cancel();
  }

  public final Deadline deadline() {
    return deadline;
  }

  final boolean endSeen() {
    return endSeen;
  }

  final void seeEnd() {
    endSeen = true;
  }

  /** Whether it has ended, be that seen or not. */
  final boolean hasEnded() {
    return ended.getCount() == 0;
  }

  /** Ends the request; the first call wins. */
  public final synchronized void end(Outcome how, Throwable cause) {
    if (outcome == null) {
      failure = cause;
      progress.end(how);
      outcome = how;
      try {
        ended();
      } finally {
        ended.countDown();
      }
    }
  }

  /** Called once, at the end, before anybody who waits for it goes on. */
  abstract void ended();

  private synchronized Outcome result() {
    return outcome;
  }
}
