package io.github.gpt2server.engine;

import java.util.concurrent.atomic.AtomicInteger;

/** A submitted generation whose events a test makes up. */
public final class ScriptedGeneration {
  private final AtomicInteger cancels = new AtomicInteger();
  private GenerationHandle handle;

  /** Stands for {@code Engine::submit}. */
  public GenerationHandle submit(Generation generation) {
    handle =
        new GenerationHandle(
            generation, new Lifetime(generation.timeout(), cancels::incrementAndGet));
    return handle;
  }

  /** How often the generation was cancelled. */
  public int cancels() {
    return cancels.get();
  }

  /** Publishes a generated token. */
  public ScriptedGeneration token(int sequence, int token, String text) {
    handle.publish(new SequenceEvent.Token(sequence, token, text, null));
    return this;
  }

  /** Completes a sequence. */
  public ScriptedGeneration finished(
      int sequence, FinishReason reason, String text, int stopToken, String stopString) {
    handle.publish(new SequenceEvent.Finished(sequence, reason, text, stopToken, stopString, 0));
    return this;
  }

  /** Ends the generation. */
  public ScriptedGeneration end(Outcome outcome) {
    handle.end(outcome, outcome == Outcome.FAILED ? new IllegalStateException("boom") : null);
    return this;
  }
}
