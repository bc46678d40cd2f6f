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
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Outcome outcome;
  private volatile Throwable failure;

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
   * @return empty if none came in time or the generation has ended and every event was taken;
   *     {@link #outcome} tells which
   */
  public Optional<SequenceEvent> poll(Duration timeout) throws InterruptedException {
    Optional<SequenceEvent> event = events.poll();
    if (event == null && outcome == null) {
      event = events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } else if (event == null) {
      event = events.poll();
    }
    return event == null ? Optional.empty() : event;
  }

  /** Waits up to {@code timeout} for the end; true if it has come. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * How it ended, or null while it waits or runs. Events published before the end stay readable.
   */
  public Outcome outcome() {
    return outcome;
  }

  /** What broke if the outcome is {@link Outcome#FAILED}, else null. */
  public Throwable failure() {
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
  synchronized boolean end(Outcome how, Throwable cause) {
    if (outcome != null) {
      return false;
    }
    failure = cause;
    outcome = how;
    events.add(Optional.empty());
    ended.countDown();
    return true;
  }
}
