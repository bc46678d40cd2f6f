package io.github.gpt2server.engine.result;

/** The end of a request; each has exactly one. */
public enum Outcome {
  /** Every sequence, or the task, is complete. */
  FINISHED,
  /** The submitter cancelled it. */
  CANCELLED,
  /** It failed; the handle has the cause. */
  FAILED,
  /** It was not complete in time. */
  TIMED_OUT
}
