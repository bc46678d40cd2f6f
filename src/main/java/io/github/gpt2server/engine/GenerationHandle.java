package io.github.gpt2server.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A submitted {@link Generation} as its submitter sees it. The engine thread writes, one other
 * thread reads; {@link #cancel} may be called from anywhere, any number of times.
 */
public final class GenerationHandle {
  private final Generation generation;
  private final Runnable onCancel;
  // Events in order; the empty one after the last marks the end.
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private Outcome outcome;
  private Throwable failure;
  private volatile boolean endSeen;

  GenerationHandle(Generation generation, Runnable onCancel) {
    this.generation = generation;
    this.onCancel = onCancel;
  }

  /** What was submitted. */
  public Generation generation() {
    return generation;
  }

  /**
   * The next event, waiting for it up to {@code timeout}.
   *
   * @return empty if none came in time, or if the generation has ended and every event was taken:
   *     then {@link #outcome} is no longer null
   */
  public Optional<SequenceEvent> poll(Duration timeout) throws InterruptedException {
    Optional<SequenceEvent> event =
        endSeen ? events.poll() : events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (event == null) {
      return Optional.empty();
    }
    if (event.isEmpty()) {
      endSeen = true;
    }
    return event;
  }

  /** Waits up to {@code timeout} for the end; true if it has come. Events stay to be polled. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    if (ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      endSeen = true;
    }
    return endSeen;
  }

  /**
   * How it ended; null until the reader has come to the end, by polling the last event or through
   * {@link #awaitEnd}, so that nobody takes the end for the last event.
   */
  public Outcome outcome() {
    return endSeen ? result() : null;
  }

  /** What broke if the outcome is {@link Outcome#FAILED}, else null. */
  public synchronized Throwable failure() {
    return failure;
  }

  /** Asks the engine to give up; what it holds is free within one step. */
  public void cancel() {
    onCancel.run();
  }

  /** Adds an event; engine thread only. */
  void publish(SequenceEvent event) {
    events.add(Optional.of(event));
  }

  /** Ends the generation; the first call wins. */
  synchronized void end(Outcome how, Throwable cause) {
    if (outcome == null) {
      failure = cause;
      outcome = how;
      events.add(Optional.empty());
      ended.countDown();
    }
  }

  private synchronized Outcome result() {
    return outcome;
  }
}
