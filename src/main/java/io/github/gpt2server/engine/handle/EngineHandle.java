package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.result.Outcome;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A submitted request as its submitter sees it. The engine thread writes, one other thread reads;
 * {@link #cancel} may be called by any thread, any number of times.
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

  /** The request's name in logs. */
  public final String id() {
    return progress.id();
  }

  /** The progress of the request. */
  public final RequestProgress progress() {
    return progress;
  }

  /** The longest time from submission to the end. */
  public final Duration timeout() {
    return timeout;
  }

  /** Waits up to {@code limit} for the end; returns whether the request has ended. */
  public final boolean awaitEnd(Duration limit) throws InterruptedException {
    if (ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      endSeen = true;
    }
    return endSeen;
  }

  /**
   * The outcome; null until the reader has consumed the last event or has called {@link #awaitEnd},
   * so that unread events are not mistaken for the end.
   */
  public final Outcome outcome() {
    return endSeen ? result() : null;
  }

  /** The cause if the outcome is {@link Outcome#FAILED}, else null. */
  public final synchronized Throwable failure() {
    return failure;
  }

  /** Asks the engine to end the request; what it holds is free within one step. */
  public final void cancel() {
    deadline.cancel();
  }

  /** Deadline and cancellation of the request. */
  public final Deadline deadline() {
    return deadline;
  }

  final boolean endSeen() {
    return endSeen;
  }

  final void seeEnd() {
    endSeen = true;
  }

  /** Returns whether the request has ended, seen by the reader or not. */
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

  /** Called once at the end, before threads in {@link #awaitEnd} go on. */
  abstract void ended();

  private synchronized Outcome result() {
    return outcome;
  }
}
