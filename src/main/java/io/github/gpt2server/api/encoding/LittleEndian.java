package io.github.gpt2server.api.encoding;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers as bytes, the least significant first, as answers have them in base64. */
public final class LittleEndian {

  private LittleEndian() {}

  /** Four bytes of each integer. */
  static byte[] bytes(int[] values) {
    byte[] bytes = new byte[values.length * Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    return bytes;
  }

  /** Four bytes of each float. */
  public static byte[] bytes(float[] values) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return bytes;
  }
}
