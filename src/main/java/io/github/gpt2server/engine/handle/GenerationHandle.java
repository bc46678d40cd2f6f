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
 * log-probabilities are large: a submitter who streams and has more of them unread than may wait
 * gets no more until it reads on.
 */
public final class GenerationHandle extends EngineHandle {
  private final Generation generation;
  private final long maxUnreadBytes;
  private final boolean mayLag;
  private final AtomicLong unreadBytes = new AtomicLong();
  // Events in order; the empty one after the last marks the end.
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();

  /**
   * @param maxUnreadBytes about how much memory the unread events of a stream may take
   */
  public GenerationHandle(Generation generation, Deadline deadline, long maxUnreadBytes) {
    super(RequestProgress.of(generation), generation.timeout(), deadline);
    this.generation = generation;
    this.maxUnreadBytes = maxUnreadBytes;
    this.mayLag =
        generation.streaming()
            && (generation.sequences().stream().anyMatch(SequenceRequest::reportsRows)
                || generation.eventBytes() > maxUnreadBytes);
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
        endSeen() ? events.poll() : events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (event == null) {
      // The mark of the end is missing if there was no memory for it.
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
      if (mayLag && left < maxUnreadBytes && left + bytes >= maxUnreadBytes) {
        deadline().wake();
      }
    }
    return event;
  }

  /** Whether the engine may have to wait for the reader. */
  public boolean mayLag() {
    return mayLag;
  }

  /** Whether the engine shall wait for the reader. */
  public boolean lags() {
    return mayLag && unreadBytes.get() >= maxUnreadBytes;
  }

  /** Adds an event; engine thread only. */
  public void publish(SequenceEvent event) {
    unreadBytes.addAndGet(event.bytes());
    events.add(Optional.of(event));
  }

  @Override
  void ended() {
    events.add(Optional.empty());
  }
}
