package io.github.gpt2server.ops.lifecycle;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
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
public final class EngineLifecycle implements SmartLifecycle, DisposableBean {
  private static final Logger log = LoggerFactory.getLogger(EngineLifecycle.class);

  private final EngineControl engine;
  private final ServerState state;
  private final Duration grace;
  private final AtomicBoolean running = new AtomicBoolean();

  /** The thread that waits for the end of the grace, if there is one; guarded by this. */
  private Thread waiting;

  private boolean hurried;

  /** The wait for running requests before the engine is closed. */
  @FunctionalInterface
  private interface Finish {
    void run() throws InterruptedException;
  }

  /**
   * Does not start anything.
   *
   * @param grace the time that requests may go on after the order to stop
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
    if (running.compareAndSet(true, false)) {
      end(this::finishRequests);
    }
  }

  /** Ends what was begun to load for a context that fails before it is started. */
  @Override
  public void destroy() {
    if (!state.isStopping()) {
      end(this::finishLoading);
    }
  }

  private void end(Finish finish) {
    state.stop();
    if (beginWaiting()) {
      try {
        finish.run();
      } catch (InterruptedException e) {
        log.warn("Stopping immediately; running requests are cancelled");
      } finally {
        endWaiting();
      }
    }
    engine.close();
  }

  /**
   * Ends the grace, which may not have begun: what still runs is ended at once.
   *
   * @return false if the model is still being loaded, which cannot be ended
   */
  public synchronized boolean hurry() {
    hurried = true;
    if (waiting != null) {
      waiting.interrupt();
    }
    return !state.isLoading();
  }

  private void finishLoading() throws InterruptedException {
    if (!state.awaitLoaded(grace)) {
      log.warn("The model is still being loaded after {}; stopping anyway", grace);
    }
  }

  private void finishRequests() throws InterruptedException {
    long deadline = System.nanoTime() + grace.toNanos();
    finishLoading();
    engine.stopAccepting();
    engine
        .status()
        .ifPresent(
            status ->
                log.info(
                    "Stopping: {} running sequences and {} waiting requests have {} s to finish",
                    status.running(),
                    status.waiting(),
                    grace.toSeconds()));
    if (!engine.awaitIdle(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
      log.warn(
          "The grace period of {} s is over; running requests are cancelled", grace.toSeconds());
    }
  }

  private synchronized boolean beginWaiting() {
    if (!hurried) {
      waiting = Thread.currentThread();
    }
    return !hurried;
  }

  private synchronized void endWaiting() {
    waiting = null;
    // One that came too late must not disturb the web server's last answers.
    Thread.interrupted();
  }
}
