package io.github.gpt2server.model.checkpoint;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * Looks for numbers that are infinite or not a number: those whose exponent is all ones. Eight
 * bytes are looked at together, whatever the type: with the sign bits left out, adding one to each
 * exponent carries into the sign bits of these and of no others.
 */
final class NonFiniteSearch {
  private static final int STRIDE = 1 << 16;

  private final int bytes;
  private final long exponent;
  private final long exponents;
  private final long ones;
  private final long signs;

  private NonFiniteSearch(DataType type) {
    this.bytes = type.bytes();
    this.exponent = type.exponent();
    this.exponents = exponents(type);
    this.ones = repeated(Long.lowestOneBit(exponent), bytes);
    this.signs = repeated(1L << (Byte.SIZE * bytes - 1), bytes);
  }

  /** The place, in memory order, of the first number that is not finite; empty if all are. */
  static OptionalInt firstOther(TensorData tensor) {
    return new NonFiniteSearch(tensor.dtype()).search(tensor.data());
  }

  /** The bits of the exponents of the numbers in eight bytes. */
  static long exponents(DataType type) {
    return repeated(type.exponent(), type.bytes());
  }

  private OptionalInt search(ByteBuffer data) {
    for (int from = 0; from < data.limit(); from += STRIDE) {
      int to = Math.min(data.limit(), from + STRIDE);
      int whole = to - (to - from) % Long.BYTES;
      long carries = 0;
      for (int i = from; i < whole; i += Long.BYTES) {
        carries |= (data.getLong(i) & exponents) + ones;
      }
      if ((carries & signs) != 0 || whole < to) {
        for (int i = from; i < to; i += bytes) {
          if (!finite(data, i)) {
            return OptionalInt.of(i / bytes);
          }
        }
      }
    }
    return OptionalInt.empty();
  }

  private boolean finite(ByteBuffer data, int position) {
    long bits =
        switch (bytes) {
          case Short.BYTES -> data.getShort(position);
          case Integer.BYTES -> data.getInt(position);
          default -> data.getLong(position);
        };
    return (bits & exponent) != exponent;
  }

  private static long repeated(long bits, int bytes) {
    long all = 0;
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE * bytes) {
      all |= bits << shift;
    }
    return all;
  }
}
