package io.github.gpt2server.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A submitted {@link Generation} as its submitter sees it. Tokens that report whole rows of logits
 * are large: a submitter who streams and has many of them unread gets no more until it reads on.
 */
public final class GenerationHandle extends EngineHandle {
  /** So many unread tokens with whole rows stop a stream; GPT-2's rows are 0.2 MB. */
  private static final int MAX_UNREAD_ROWS = 16;

  private final Generation generation;
  private final boolean mayLag;
  private final AtomicInteger unreadRows = new AtomicInteger();
  // Events in order; the empty one after the last marks the end.
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();

  GenerationHandle(Generation generation, Lifetime lifetime) {
    super(RequestProgress.of(generation), generation.timeout(), lifetime);
    this.generation = generation;
    this.mayLag =
        generation.streaming()
            && generation.sequences().stream().anyMatch(SequenceRequest::reportsRows);
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
      return Optional.empty();
    }
    if (event.isEmpty()) {
      seeEnd();
    } else if (keepsRow(event.get()) && unreadRows.decrementAndGet() == MAX_UNREAD_ROWS - 1) {
      lifetime().wake();
    }
    return event;
  }

  /** Whether the engine may have to wait for the reader. */
  boolean mayLag() {
    return mayLag;
  }

  /** Whether the engine shall wait for the reader. */
  boolean lags() {
    return mayLag && unreadRows.get() >= MAX_UNREAD_ROWS;
  }

  private static boolean keepsRow(SequenceEvent event) {
    return event instanceof SequenceEvent.Token token
        && token.logprobs() != null
        && token.logprobs().top() != null
        && token.logprobs().top().many();
  }

  /** Adds an event; engine thread only. */
  void publish(SequenceEvent event) {
    if (keepsRow(event)) {
      unreadRows.incrementAndGet();
    }
    events.add(Optional.of(event));
  }

  @Override
  void ended() {
    events.add(Optional.empty());
  }
}
