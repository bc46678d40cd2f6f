package io.github.gpt2server.engine.handle;

import io.github.gpt2server.model.StepPlan;

/** What the engine thread computes in one go. */
public enum StepKind {
  /** One more token of each of several sequences. */
  DECODE,
  /** Chunks of prompts. */
  PREFILL,
  /** Both. */
  MIXED,
  /** A slice of a task. */
  TASK;

  public static StepKind of(StepPlan plan) {
    if (plan.chunks().isEmpty()) {
      return DECODE;
    }
    return plan.decodes().isEmpty() ? PREFILL : MIXED;
  }
}
