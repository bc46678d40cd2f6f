package io.github.gpt2server.engine.handle;

import io.github.gpt2server.model.StepPlan;

/** The kind of work that the engine thread does between two looks at its inbox. */
public enum StepKind {
  /** The next tokens of decoding sequences. */
  DECODE,
  /** Prompt chunks. */
  PREFILL,
  /** Decoding and prompt chunks. */
  MIXED,
  /** A slice of a task. */
  TASK;

  public static StepKind of(StepPlan plan) {
    if (plan.prompts().isEmpty()) {
      return DECODE;
    }
    return plan.decodes().isEmpty() ? PREFILL : MIXED;
  }
}
