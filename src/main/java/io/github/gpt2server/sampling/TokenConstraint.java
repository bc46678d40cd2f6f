package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;

/**
 * The form that a sequence's text must have, at the sequence's current place in it. Not
 * thread-safe.
 */
public interface TokenConstraint {

  /**
   * Sets the logits of the tokens that may not follow to negative infinity. At least one token may
   * follow unless the text is {@link #complete}.
   *
   * @param logits {@code [vocab]}, edited in place by absolute index
   */
  void exclude(FloatBuffer logits);

  /** Returns whether a token may follow. */
  boolean allows(int token);

  /**
   * The logarithm of the share of the probability that the tokens that may follow have.
   *
   * @param logits {@code [vocab]} unedited logits
   * @return in nats, at most 0
   */
  double logMass(FloatBuffer logits);

  /** Moves on by a token that may follow. */
  void accept(int token);

  /** A constraint at the same place, which moves on by itself. */
  TokenConstraint copy();

  /** Returns whether it excludes tokens now or later. */
  default boolean restricts() {
    return true;
  }

  /** Returns whether the text has the form and no token can continue it. */
  boolean complete();
}
