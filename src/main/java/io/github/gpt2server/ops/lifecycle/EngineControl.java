package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.engine.schedule.EngineStatus;
import java.time.Duration;
import java.util.Optional;

/** The engine as operations see it: watched, asked to wind down, closed. */
public interface EngineControl {

  /** A glance at the engine; empty while the model loads. */
  Optional<EngineStatus> status();

  /** Refuses new requests from now on; does nothing while the model loads. */
  void stopAccepting();

  /** Waits up to {@code limit} until no request waits or runs; true if it is so. */
  boolean awaitIdle(Duration limit) throws InterruptedException;

  /** Ends what still waits or runs, and the engine thread; does nothing while the model loads. */
  void close();
}
