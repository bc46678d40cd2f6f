package io.github.gpt2server.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A submitted {@link Generation} as its submitter sees it. */
public final class GenerationHandle extends EngineHandle {
  private final Generation generation;
  // Events in order; the empty one after the last marks the end.
  private final LinkedBlockingQueue<Optional<SequenceEvent>> events = new LinkedBlockingQueue<>();

  GenerationHandle(Generation generation, Lifetime lifetime) {
    super(generation.id(), generation.timeout(), lifetime);
    this.generation = generation;
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
    }
    return event;
  }

  /** Adds an event; engine thread only. */
  void publish(SequenceEvent event) {
    events.add(Optional.of(event));
  }

  @Override
  void ended() {
    events.add(Optional.empty());
  }
}
