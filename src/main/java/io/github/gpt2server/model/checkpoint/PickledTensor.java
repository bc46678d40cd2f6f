package io.github.gpt2server.model.checkpoint;

import java.util.Arrays;

/**
 * A tensor as a pickle by PyTorch describes it: a view of a storage, which lies elsewhere in the
 * file.
 *
 * @param dtype the type of its numbers, by its name in safetensors
 * @param storage where its numbers are
 * @param offset which of the storage's numbers is its first
 * @param strides for each dimension, how many numbers on the next index lies
 */
record PickledTensor(NumberType dtype, Storage storage, long offset, long[] shape, long[] strides) {

  /** Twice as many as the largest of a GPT-2's tensors has. */
  static final int MAX_DIMENSIONS = 8;

  /** A type of numbers, by its name in safetensors. */
  record NumberType(String name, int bytes) {}

  /**
   * A stretch of numbers.
   *
   * @param key its name in the file
   * @param count how many numbers it has
   */
  record Storage(String key, NumberType type, long count) {

    /**
     * Checks that there can be this number of them.
     *
     * @throws IllegalArgumentException with a phrase about what is wrong
     */
    Storage {
      if (count < 0 || count > Long.MAX_VALUE / type.bytes()) {
        throw new IllegalArgumentException("a storage has %d numbers".formatted(count));
      }
    }

    long bytes() {
      return count * type.bytes();
    }
  }

  /**
   * Checks that the view stays inside its storage and repeats none of it.
   *
   * @throws IllegalArgumentException with a phrase about what is wrong
   */
  PickledTensor {
    if (shape.length > MAX_DIMENSIONS || shape.length != strides.length) {
      throw new IllegalArgumentException(
          "a tensor has %d dimensions and %d strides".formatted(shape.length, strides.length));
    }
    if (offset < 0
        || Arrays.stream(shape).anyMatch(size -> size < 0)
        || Arrays.stream(strides).anyMatch(stride -> stride < 0)) {
      throw new IllegalArgumentException(
          "a tensor has shape %s, strides %s and offset %d, of which none may be negative"
              .formatted(MessageText.shape(shape), MessageText.shape(strides), offset));
    }
    long available = storage.bytes() / dtype.bytes();
    try {
      long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      if (count > available || Math.addExact(offset, span(shape, strides)) > available) {
        throw outside(shape, strides, offset, available);
      }
    } catch (ArithmeticException e) {
      throw outside(shape, strides, offset, available);
    }
  }

  /** The position of the first number, in bytes from the storage's start. */
  long begin() {
    return offset * dtype.bytes();
  }

  /** Number of bytes from its first number to the end of its last. */
  long bytes() {
    return span(shape, strides) * dtype.bytes();
  }

  private static long span(long[] shape, long[] strides) {
    long last = 0;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == 0) {
        return 0;
      }
      last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
    }
    return Math.addExact(last, 1);
  }

  private static IllegalArgumentException outside(
      long[] shape, long[] strides, long offset, long available) {
    return new IllegalArgumentException(
        "a tensor of shape %s, strides %s and offset %d does not fit its storage of %d numbers"
            .formatted(MessageText.shape(shape), MessageText.shape(strides), offset, available));
  }
}
