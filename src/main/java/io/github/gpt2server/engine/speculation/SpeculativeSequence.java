package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.sampling.TokenSampler;

/** A running sequence as the speculation of its next tokens sees it. */
public interface SpeculativeSequence {
  /** The KV-cache slot, the same in the draft model's cache. */
  int slot();

  TokenSampler sampler();

  /** The draft proposers of this sequence; none if it generates nothing. */
  DraftProposer proposer();

  /** Largest number of draft tokens after the last known one. */
  int maxDraft();

  /** Whether this token would be the last one. */
  boolean stopsAt(int token);

  /** The last known token, to be computed by the next step. */
  Decode decode();
}
