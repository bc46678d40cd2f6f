package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/** An edit of a row of logits before the softmax. Writes only the entries that change. */
interface LogitsProcessor {

  /** Returns whether {@link #process} would change anything for the next token. */
  boolean edits(TokenHistory history);

  /**
   * Edits the logits in place.
   *
   * @param logits {@code [vocab]}, read and written by absolute index
   * @param history tokens of the sequence so far
   */
  void process(FloatBuffer logits, TokenHistory history);
}
