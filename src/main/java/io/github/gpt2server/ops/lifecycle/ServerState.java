package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.engine.schedule.EngineStatus;
import java.time.Duration;
import java.util.concurrent.Callable;

/**
 * The phase that the server is in, for probes and shutdown. Loading and shutdown meet here:
 * libtorch must not be in the middle of anything when the process ends.
 */
public final class ServerState {

  /** The phases of the server. */
  public enum Phase {
    /** The model is being loaded; the web server answers, the model does not. */
    LOADING,
    /** Requests are answered. */
    SERVING,
    /** No new requests are taken; those that were are being finished. */
    STOPPING,
    /** The engine thread has ended by an error; only a restart helps. */
    DEAD
  }

  private final EngineControl engine;
  private boolean loading;
  private boolean stopping;
  private boolean webServerAnswers;
  private Thread interruptible;
  private String loadingMessage = "The model is still being loaded.";

  /** Starts in {@link Phase#LOADING} as long as {@code engine} has no status. */
  public ServerState(EngineControl engine) {
    this.engine = engine;
  }

  /** The phase that the server is in. */
  public Phase phase() {
    return isStopping()
        ? Phase.STOPPING
        : engine.status().map(ServerState::of).orElse(Phase.LOADING);
  }

  private static Phase of(EngineStatus status) {
    if (!status.alive()) {
      return Phase.DEAD;
    }
    return status.accepting() ? Phase.SERVING : Phase.STOPPING;
  }

  /** Returns whether the server was asked to stop. */
  public synchronized boolean isStopping() {
    return stopping;
  }

  /** A phase in one sentence; of {@link Phase#LOADING}, how far that is. */
  public String message(Phase phase) {
    return switch (phase) {
      case LOADING -> loadingMessage();
      case SERVING -> "Requests are answered.";
      case STOPPING -> "The server is shutting down.";
      case DEAD -> "The engine has stopped on an error; restart the server.";
    };
  }

  /** The progress of loading, in one sentence. */
  public synchronized String loadingMessage() {
    return loadingMessage;
  }

  /** Sets the sentence on the progress of loading. */
  public synchronized void loadingMessage(String message) {
    loadingMessage = message;
  }

  /**
   * Runs a part of the loading that need not be waited for when the server stops: the calling
   * thread is interrupted then.
   */
  public <T> T interruptibly(Callable<T> work) throws Exception {
    synchronized (this) {
      if (stopping) {
        throw new StoppedWhileLoadingException();
      }
      interruptible = Thread.currentThread();
    }
    try {
      return work.call();
    } finally {
      synchronized (this) {
        interruptible = null;
        // One that came too late must not disturb what follows.
        Thread.interrupted();
      }
    }
  }

  /** Marks the server as stopping from now on. */
  public synchronized void stop() {
    stopping = true;
    if (interruptible != null) {
      interruptible.interrupt();
    }
    notifyAll();
  }

  /** Notes that the web server has started. */
  synchronized void webServerAnswers() {
    webServerAnswers = true;
    notifyAll();
  }

  /**
   * Waits until the web server has started. The first steps come after that, for they are timed,
   * and what takes a core beside them makes them several times as long.
   *
   * @throws StoppedWhileLoadingException if the server is asked to stop
   */
  public synchronized void awaitWebServer() {
    try {
      while (!webServerAnswers && !stopping) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedWhileLoadingException();
    }
    if (stopping) {
      throw new StoppedWhileLoadingException();
    }
  }

  /** Notes that the model is being loaded; false if that is too late because the server stops. */
  synchronized boolean beginLoading() {
    loading = !stopping;
    return loading;
  }

  /** Notes that the model was loaded, or could not be. */
  synchronized void endLoading() {
    loading = false;
    notifyAll();
  }

  /** Returns whether the model is being loaded at this moment. */
  synchronized boolean isLoading() {
    return loading;
  }

  /** Waits up to {@code limit} while the model is being loaded; true if it no longer is. */
  synchronized boolean awaitLoaded(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    for (long left = limit.toNanos(); loading && left > 0; left = deadline - System.nanoTime()) {
      // One more millisecond, so that a rest of less than one does not become 0, that is for ever.
      wait(left / 1_000_000 + 1);
    }
    return !loading;
  }
}
