package io.github.gpt2server.engine;

import java.time.Duration;

/** Placeholder for the compiler until the engine lands: the public face alone. */
public final class Engine {

  /**
   * Queues a generation.
   *
   * @throws QueueFullException if as many requests wait as may
   * @throws EngineStoppedException if the engine takes no new requests
   */
  public GenerationHandle submit(Generation generation) {
    if (!status().accepting()) {
      throw new EngineStoppedException("not built yet");
    }
    return new GenerationHandle(generation, () -> {});
  }

  /** A glance at the queue, the running batch and the thread. */
  public EngineStatus status() {
    return new EngineStatus(0, 0, 0, false, false);
  }

  /** Refuses new requests from now on. */
  public void stopAccepting() {}

  /** Waits up to {@code limit} until no request waits or runs; true if it is so. */
  public boolean awaitIdle(Duration limit) throws InterruptedException {
    return !limit.isNegative();
  }

  /** Ends what still waits or runs, and the engine thread. */
  public void close() {}
}
