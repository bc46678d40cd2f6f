package io.github.gpt2server.testing;

import io.github.gpt2server.engine.EngineSettings;
import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import java.util.concurrent.atomic.AtomicInteger;

/** A submitted generation whose events a test makes up. */
public final class ScriptedGeneration {
  private final AtomicInteger cancels = new AtomicInteger();
  private GenerationHandle handle;

  /** Takes the place of {@code Engine::submit}. */
  public GenerationHandle submit(Generation generation) {
    handle =
        new GenerationHandle(
            generation,
            new Deadline(generation.timeout(), cancels::incrementAndGet),
            EngineSettings.MAX_UNREAD_BYTES);
    return handle;
  }

  /** Number of times that the generation was cancelled. */
  public int cancels() {
    return cancels.get();
  }

  /** Publishes a generated token. */
  public ScriptedGeneration token(int sequence, int token, String text) {
    handle.publish(new SequenceEvent.Token(sequence, token, text, null));
    return this;
  }

  /** Publishes a generated token with its log-probability. */
  public ScriptedGeneration token(int sequence, int token, String text, float logprob) {
    handle.publish(
        new SequenceEvent.Token(sequence, token, text, new TokenLogprobs(logprob, null, null)));
    return this;
  }

  /** Publishes the results for a prompt. */
  public ScriptedGeneration promptRead(float[] nextTokenLogits, PromptScores scores) {
    handle.publish(new SequenceEvent.PromptRead(0, nextTokenLogits, scores));
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

  /** Ends the generation as the engine does where the model computes NaN or infinity. */
  public ScriptedGeneration failForModelOutput() {
    handle.end(Outcome.FAILED, new InvalidModelOutputException("NaN"));
    return this;
  }
}
