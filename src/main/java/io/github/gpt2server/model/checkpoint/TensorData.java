package io.github.gpt2server.model.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A tensor as it lies in a file: numbers of {@code dtype}, little endian.
 *
 * @param name its name; from {@link Weights} the canonical one, such as {@code
 *     h.0.attn.c_attn.weight}
 * @param dtype the type of its numbers
 * @param shape its dimensions, outermost first; empty for a single number
 * @param strides for each dimension, how many numbers on the next index lies
 * @param data the bytes from its first number to its last, a direct read-only buffer that maps the
 *     file; the mapping ends when the buffer is no longer referenced
 */
public record TensorData(
    String name, DataType dtype, long[] shape, long[] strides, ByteBuffer data) {

  /** A tensor whose numbers lie row by row without gaps. */
  static TensorData contiguous(String name, DataType dtype, long[] shape, ByteBuffer data) {
    return new TensorData(name, dtype, shape, rowMajor(shape), data);
  }

  /** The bytes from the first to the last, with a position of the caller's own. */
  @Override
  public ByteBuffer data() {
    // duplicate() forgets the byte order.
    return data.duplicate().rewind().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Number of its numbers. */
  public long elementCount() {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  private static long[] rowMajor(long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }
}
