package io.github.gpt2server.engine.handle;

/**
 * Observes an engine for metrics, logs and traces. Calls must return at once and must not throw:
 * the engine waits for them.
 */
public interface EngineObserver {

  /** An observer that does nothing. */
  EngineObserver NONE = new EngineObserver() {};

  /**
   * Called after a request was admitted, by the thread that submitted it.
   *
   * @param progress the request's progress, live until its end
   */
  default void submitted(RequestProgress progress) {}

  /**
   * Called after a step or a slice of a task, by the engine thread.
   *
   * @param kind the work of the step
   * @param sequences number of sequences in the step; 0 for a task
   * @param promptTokens number of prompt tokens read, computed or from the prefix cache
   * @param generatedTokens number of tokens generated
   * @param nanos duration of planning, drafting, computing, sampling and publishing
   */
  default void stepped(
      StepKind kind, int sequences, int promptTokens, int generatedTokens, long nanos) {}

  /**
   * Called after a step with draft tokens, by the engine thread.
   *
   * @param drafts number of sequences with draft tokens
   * @param draftTokens number of draft tokens
   * @param acceptedTokens number of draft tokens accepted
   */
  default void speculated(int drafts, int draftTokens, int acceptedTokens) {}
}
