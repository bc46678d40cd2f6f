package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A submitted {@link Generation} as its submitter sees it. Tokens that report many
 * log-probabilities are large: the engine generates no more for a slow consumer whose unread events
 * exceed a limit (back-pressure).
 */
public final class GenerationHandle extends EngineHandle {
  private final Generation generation;
  private final long maxUnreadBytes;
  private final boolean mayStall;
  private final AtomicLong unreadBytes = new AtomicLong();
  // Events in order; an empty element marks the end.
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();

  /**
   * Creates the handle of a generation that was just submitted.
   *
   * @param maxUnreadBytes approximate limit of a stream's unread events, in bytes
   */
  public GenerationHandle(Generation generation, Deadline deadline, long maxUnreadBytes) {
    super(RequestProgress.of(generation), generation.timeout(), deadline);
    this.generation = generation;
    this.maxUnreadBytes = maxUnreadBytes;
    this.mayStall =
        generation.streaming()
            && (generation.sequences().stream().anyMatch(SequenceRequest::reportsRows)
                || generation.eventBytes() > maxUnreadBytes);
  }

  /** The submitted generation. */
  public Generation generation() {
    return generation;
  }

  /**
   * Takes the next event, waiting for it up to {@code timeout}.
   *
   * @return empty if none came in time, or if the generation has ended and every event was taken,
   *     in which case {@link #outcome} is not null
   */
  public Optional<SequenceEvent> poll(Duration timeout) throws InterruptedException {
    Optional<SequenceEvent> event =
        endSeen() ? events.poll() : events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (event == null) {
      // The end mark is missing if there was no memory for it.
      if (hasEnded() && events.isEmpty()) {
        seeEnd();
      }
      return Optional.empty();
    }
    if (event.isEmpty()) {
      seeEnd();
    } else {
      long bytes = event.get().bytes();
      long left = unreadBytes.addAndGet(-bytes);
      if (mayStall && left < maxUnreadBytes && left + bytes >= maxUnreadBytes) {
        deadline().wake();
      }
    }
    return event;
  }

  /**
   * Returns whether the unread events may exceed the limit, so that the engine would have to wait
   * for the reader.
   */
  public boolean mayStall() {
    return mayStall;
  }

  /**
   * Returns whether the unread events exceed the limit, so that the engine waits for the reader.
   */
  public boolean stalled() {
    return mayStall && unreadBytes.get() >= maxUnreadBytes;
  }

  /** Adds an event. Engine thread only. */
  public void publish(SequenceEvent event) {
    unreadBytes.addAndGet(event.bytes());
    events.add(Optional.of(event));
  }

  @Override
  void ended() {
    events.add(Optional.empty());
  }
}
