package io.github.gpt2server.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles, those of PyTorch by {@link #tensor} and any other instruction by instruction. */
public final class PickleWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Starts a pickle of protocol 2, as PyTorch does. */
  public static PickleWriter protocol2() {
    return new PickleWriter().op(0x80, 2);
  }

  /** Instructions and their bytes. */
  public PickleWriter op(int... bytes) {
    for (int value : bytes) {
      out.write(value);
    }
    return this;
  }

  /** An instruction, or several, that a character stands for. */
  public PickleWriter op(String characters) {
    out.writeBytes(characters.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  public PickleWriter global(String module, String name) {
    return op("c" + module + "\n" + name + "\n");
  }

  public PickleWriter string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    op('X').littleEndian(bytes.length, Integer.BYTES);
    out.writeBytes(bytes);
    return this;
  }

  public PickleWriter number(long number) {
    return op(0x8a, Long.BYTES).littleEndian(number, Long.BYTES);
  }

  public PickleWriter littleEndian(long number, int bytes) {
    byte[] all =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    out.write(all, 0, bytes);
    return this;
  }

  public PickleWriter numbers(long... numbers) {
    op('(');
    for (long number : numbers) {
      number(number);
    }
    return op('t');
  }

  /** The persistent id of a storage, and the storage for it. */
  public PickleWriter storage(String type, String key, long count) {
    return op('(')
        .string("storage")
        .global("torch", type)
        .string(key)
        .string("cpu")
        .number(count)
        .op("tQ");
  }

  /** A tensor, by {@code torch._utils._rebuild_tensor_v2}. */
  public PickleWriter tensor(
      String type, String key, long count, long offset, long[] shape, long[] strides) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .op('(')
        .storage(type, key, count)
        .number(offset)
        .numbers(shape)
        .numbers(strides)
        .op(0x89)
        .orderedDict()
        .op("tR");
  }

  public PickleWriter orderedDict() {
    return global("collections", "OrderedDict").op(")R");
  }

  /** The end of the pickle. */
  public byte[] stop() {
    out.write('.');
    return bytes();
  }

  public byte[] bytes() {
    return out.toByteArray();
  }
}
