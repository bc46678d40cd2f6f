package io.github.gpt2server.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor as it lies in a file: row-major numbers of {@code dtype}, little endian.
 *
 * @param name its name; from {@link Weights} the canonical one, such as {@code
 *     h.0.attn.c_attn.weight}
 * @param dtype the type of its numbers
 * @param shape its dimensions, outermost first; empty for a single number
 * @param data its bytes, a direct read-only buffer that maps the file; the mapping ends when nobody
 *     holds the buffer any more
 */
public record TensorData(String name, DataType dtype, long[] shape, ByteBuffer data) {

  /** The bytes from the first to the last, with a position of the caller's own. */
  @Override
  public ByteBuffer data() {
    // duplicate() forgets the byte order.
    return data.duplicate().rewind().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** How many numbers it has. */
  public long elementCount() {
    return data.limit() / dtype.bytes();
  }
}
