package io.github.gpt2server.ops;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Winds the engine down before the web server stops. On SIGTERM, in this order: readiness goes off,
 * the engine takes no new requests (they get 503, for the port stays open), those that were taken
 * go on until they are done or the grace is over, the engine is closed, the web server finishes its
 * last answers and stops.
 *
 * <p>{@link #stop} does all this on the thread that closes the context, so Spring's time limit for
 * a phase does not cut the grace short.
 */
public final class EngineLifecycle implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(EngineLifecycle.class);

  private final EngineControl engine;
  private final ServerState state;
  private final Duration grace;
  private final AtomicBoolean running = new AtomicBoolean();

  /**
   * Does not start anything.
   *
   * @param grace how long requests may go on after the order to stop
   */
  public EngineLifecycle(EngineControl engine, ServerState state, Duration grace) {
    this.engine = engine;
    this.state = state;
    this.grace = grace;
  }

  /** The highest, thus the first to stop: the web server's two phases are 1024 and 2048 lower. */
  @Override
  public int getPhase() {
    return SmartLifecycle.DEFAULT_PHASE;
  }

  @Override
  public void start() {
    running.set(true);
  }

  @Override
  public boolean isRunning() {
    return running.get();
  }

  @Override
  public void stop() {
    if (!running.compareAndSet(true, false)) {
      return;
    }
    state.stop();
    final long deadline = System.nanoTime() + grace.toNanos();
    try {
      if (!state.awaitLoaded(grace)) {
        log.warn("The model is still being loaded after {}; stopping all the same", grace);
      }
      engine.stopAccepting();
      engine
          .status()
          .ifPresent(
              status ->
                  log.info(
                      "Stopping: {} running sequences and {} waiting requests may go on for {} s",
                      status.running(),
                      status.waiting(),
                      grace.toSeconds()));
      if (!engine.awaitIdle(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
        log.warn("The grace of {} s is over; what still runs is ended", grace.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      engine.close();
    }
  }
}
