package io.github.gpt2server.api;

import io.github.gpt2server.engine.EngineStoppedException;
import io.github.gpt2server.engine.Generation;
import io.github.gpt2server.engine.GenerationHandle;
import io.github.gpt2server.engine.Outcome;
import io.github.gpt2server.engine.SequenceEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A generation on behalf of a client who may leave: while its thread waits, it watches the
 * connection. Closing cancels what has not ended, so nothing goes on without a reader, however the
 * reader went.
 */
public final class RunningGeneration implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunningGeneration.class);

  /** How soon a lost client is noticed, about one step of a small model. */
  private static final long GLANCE_MILLIS = 20;

  /** So many threads glance that often; more of them do so less often, and cost no more. */
  private static final int EAGER_THREADS = 64;

  /** Threads that wait in this class, in the whole process. */
  private static final AtomicInteger WAITING = new AtomicInteger();

  private final GenerationHandle handle;
  private final ClientConnection client;

  private RunningGeneration(GenerationHandle handle, ClientConnection client) {
    this.handle = handle;
    this.client = client;
  }

  /**
   * Submits a generation for the current request's client.
   *
   * @param engine {@code Engine::submit}
   */
  public static RunningGeneration submit(
      Function<Generation, GenerationHandle> engine, Generation generation) {
    return new RunningGeneration(engine.apply(generation), ClientConnection.current());
  }

  /**
   * Waits for the end.
   *
   * @return all events
   * @throws ClientGoneException if the client leaves
   * @throws ApiException if the generation ends in any way but finished
   */
  public List<SequenceEvent> awaitAll() {
    WAITING.incrementAndGet();
    try {
      while (!handle.awaitEnd(glance())) {
        checkClient();
      }
      requireFinished();
      List<SequenceEvent> events = new ArrayList<>();
      drain(events);
      return events;
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      WAITING.decrementAndGet();
    }
  }

  /**
   * Waits for something to happen, {@code patience} at the most.
   *
   * @return every event that is there; empty if nothing happened in time or, see {@link #ended},
   *     nothing more will
   * @throws ClientGoneException if the client leaves
   */
  public List<SequenceEvent> awaitSome(Duration patience) {
    WAITING.incrementAndGet();
    try {
      List<SequenceEvent> events = new ArrayList<>();
      long deadline = System.nanoTime() + patience.toNanos();
      while (events.isEmpty() && System.nanoTime() < deadline && !ended()) {
        Optional<SequenceEvent> event = handle.poll(glance());
        event.ifPresent(events::add);
        checkClient();
      }
      drain(events);
      return events;
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      WAITING.decrementAndGet();
    }
  }

  /** Whether the end has been read: no more events will come. */
  public boolean ended() {
    return handle.outcome() != null;
  }

  /**
   * To be asked after the end.
   *
   * @throws ApiException if it ended in any way but finished
   */
  public void requireFinished() {
    Outcome outcome = handle.outcome();
    Generation generation = handle.generation();
    switch (outcome) {
      case FINISHED -> {}
      case TIMED_OUT -> throw ApiException.timedOut(generation.timeout());
      case CANCELLED -> throw shuttingDown();
      case FAILED -> {
        if (handle.failure() instanceof EngineStoppedException) {
          throw shuttingDown();
        }
        log.error("Generation {} failed", generation.id(), handle.failure());
        throw ApiException.failed(generation.id());
      }
    }
  }

  @Override
  public void close() {
    if (!ended()) {
      handle.cancel();
    }
  }

  private void drain(List<SequenceEvent> events) throws InterruptedException {
    Optional<SequenceEvent> event = handle.poll(Duration.ZERO);
    while (event.isPresent()) {
      events.add(event.get());
      event = handle.poll(Duration.ZERO);
    }
  }

  private static Duration glance() {
    return Duration.ofMillis(GLANCE_MILLIS * Math.max(1, WAITING.get() / EAGER_THREADS));
  }

  private void checkClient() {
    if (client.gone()) {
      throw new ClientGoneException();
    }
  }

  private static ApiException interrupted() {
    Thread.currentThread().interrupt();
    return shuttingDown();
  }

  private static ApiException shuttingDown() {
    return ApiException.unavailable(
        "The server is shutting down; try again later or elsewhere.", "not_available");
  }
}
