package io.github.gpt2server.engine;

import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.handle.StepKind;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delegates to an observer, and keeps its exceptions from the engine. */
final class GuardedObserver implements EngineObserver {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  private final EngineObserver observer;
  private final AtomicBoolean failed = new AtomicBoolean();

  GuardedObserver(EngineObserver observer) {
    this.observer = observer;
  }

  @Override
  public void submitted(RequestProgress progress) {
    guard(() -> observer.submitted(progress));
  }

  @Override
  public void stepped(
      StepKind kind, int sequences, int promptTokens, int generatedTokens, long nanos) {
    guard(() -> observer.stepped(kind, sequences, promptTokens, generatedTokens, nanos));
  }

  @Override
  public void speculated(int drafts, int draftTokens, int acceptedTokens) {
    guard(() -> observer.speculated(drafts, draftTokens, acceptedTokens));
  }

  /** Logs the first failure only: there may be hundreds of steps a second. */
  private void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error e) {
      if (failed.compareAndSet(false, true)) {
        log.warn("An observer of the engine failed; metrics may be wrong from now on", e);
      }
    }
  }
}
