package io.github.gpt2server.engine.handle;

/**
 * Told what an engine does, for metrics, logs and traces. Calls must return at once and must not
 * throw: the engine waits for them.
 */
public interface EngineObserver {

  /** Looks away. */
  EngineObserver NONE = new EngineObserver() {};

  /**
   * A request was let in. Called by the thread that submitted it.
   *
   * @param progress what becomes of it, from now on
   */
  default void submitted(RequestProgress progress) {}

  /**
   * The engine thread has done a step, or a slice of a task. Called by that thread.
   *
   * @param kind what it computed
   * @param sequences how many sequences took part; 0 for a task
   * @param promptTokens tokens of prompts that were read, from the prefix cache or computed
   * @param generatedTokens tokens that were picked
   * @param nanos how long it took, guesses, sampling and publishing included
   */
  default void stepped(
      StepKind kind, int sequences, int promptTokens, int generatedTokens, long nanos) {}

  /**
   * The engine thread has done a step that computed guessed tokens. Called by that thread.
   *
   * @param drafts how many sequences had tokens guessed
   * @param draftTokens how many were guessed
   * @param acceptedTokens how many of them were right
   */
  default void speculated(int drafts, int draftTokens, int acceptedTokens) {}
}
