package io.github.gpt2server.engine.result;

import io.github.gpt2server.engine.request.Generation;

/** How a {@link Generation} ended; every submitted one ends in exactly one of these. */
public enum Outcome {
  /** Every sequence is complete. */
  FINISHED,
  /** The submitter cancelled it. */
  CANCELLED,
  /** Something broke; the handle has the cause. */
  FAILED,
  /** It did not finish in time. */
  TIMED_OUT
}
