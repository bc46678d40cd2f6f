package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.sampling.TokenSampler;

/** A decoding sequence as speculation sees it. */
public interface SpeculativeSequence {
  /** The KV-cache slot, the same in the draft model's cache. */
  int slot();

  TokenSampler sampler();

  /** The draft proposer; null if the sequence generates nothing. */
  DraftProposer proposer();

  /** The largest number of draft tokens after the last known token. */
  int maxDraft();

  /** Returns whether {@code token} would end the sequence. */
  boolean stopsAt(int token);

  /** The last known token, to be computed by the next step. */
  int lastToken();

  /** The position of the last known token. */
  int lastPosition();
}
