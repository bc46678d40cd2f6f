package io.github.gpt2server.model.checkpoint;

import java.nio.ByteBuffer;

/** A faster look at a tensor's numbers than Java's. */
@FunctionalInterface
public interface FiniteCheck {
  /** The check that knows nothing, so that every number is looked at in Java. */
  FiniteCheck UNKNOWN = (data, exponents) -> false;

  /**
   * Returns whether all numbers are finite; false if that is not known.
   *
   * @param data the numbers, in a direct buffer
   * @param exponents the bits of the exponents of the numbers in eight bytes
   */
  boolean allFinite(ByteBuffer data, long exponents);
}
