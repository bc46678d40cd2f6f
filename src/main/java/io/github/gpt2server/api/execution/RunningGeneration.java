package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.error.ModelOutput;
import io.github.gpt2server.web.ratelimit.Quota;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A running generation, cancelled if its client disconnects. */
public final class RunningGeneration extends RunningRequest {
  private static final long PAUSE_MILLIS = 50;

  private final GenerationHandle handle;

  private RunningGeneration(GenerationHandle handle) {
    super(handle);
    this.handle = handle;
  }

  /**
   * Submits a generation for the current request's client, within the limits of its key.
   *
   * @param engine {@code Engine::submit}
   */
  public static RunningGeneration submit(
      Function<Generation, GenerationHandle> engine, Generation generation) {
    Caller caller = Caller.current();
    return new RunningGeneration(
        Quota.current()
            .submit(
                TokenCount.most(generation),
                () -> engine.apply(generation.of(caller.client()).inCacheOf(caller.cacheOwner())),
                TokenCount::used));
  }

  /**
   * Submits a further part of a request whose earlier parts were admitted: waits while the queue is
   * full.
   *
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException 504, if the queue remains full until the time limit
   */
  public static RunningGeneration submitNext(
      Function<Generation, GenerationHandle> engine, Generation generation) {
    ClientConnection client = ClientConnection.current();
    long start = System.nanoTime();
    while (true) {
      try {
        return submit(engine, generation);
      } catch (QueueFullException e) {
        if (client.gone()) {
          throw new ClientGoneException();
        }
        if (System.nanoTime() - start > generation.timeout().toNanos()) {
          throw ApiException.timedOut(generation.timeout());
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /**
   * Waits for the end.
   *
   * @return all events
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException if the generation fails, times out or is cancelled
   */
  public List<SequenceEvent> awaitAll() {
    awaitFinish();
    List<SequenceEvent> events = new ArrayList<>();
    drain(events);
    return checked(events);
  }

  /**
   * Waits for events.
   *
   * @param patience maximum time to wait
   * @return all available events; empty if none arrived in time, or if the generation has {@link
   *     #ended}
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException if the model's output contains NaN or infinity
   */
  public List<SequenceEvent> awaitSome(Duration patience) {
    List<SequenceEvent> events = new ArrayList<>();
    await(
        patience,
        limit -> {
          handle.poll(limit).ifPresent(events::add);
          return !events.isEmpty() || ended();
        });
    drain(events);
    return checked(events);
  }

  private List<SequenceEvent> checked(List<SequenceEvent> events) {
    ModelOutput.requireFinite(events.stream().allMatch(SequenceEvent::finite), handle.id());
    return events;
  }

  private void drain(List<SequenceEvent> events) {
    try {
      Optional<SequenceEvent> event = handle.poll(Duration.ZERO);
      while (event.isPresent()) {
        events.add(event.get());
        event = handle.poll(Duration.ZERO);
      }
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }
}
