package io.github.gpt2server.testing;

import io.github.gpt2server.model.checkpoint.DataType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;

/** Makes small safetensors files, valid ones by {@link #add} and any other by {@link #file}. */
public final class SafetensorsWriter {
  private final StringJoiner header = new StringJoiner(",", "{", "}");
  private ByteBuffer data = ByteBuffer.allocate(0);

  public SafetensorsWriter metadata() {
    header.add("\"__metadata__\":{\"format\":\"pt\"}");
    return this;
  }

  public SafetensorsWriter add(String name, DataType dtype, long[] shape, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (dtype) {
        case F64 -> bytes.putDouble(value);
        case F32 -> bytes.putFloat(value);
        case F16 -> bytes.putShort(Float16.encode(value));
        case BF16 -> bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
      }
    }
    return addBytes(name, dtype.name(), shape, bytes.array());
  }

  public SafetensorsWriter addBytes(String name, String dtype, long[] shape, byte[] bytes) {
    int begin = data.capacity();
    data = ByteBuffer.allocate(begin + bytes.length).put(data.rewind()).put(bytes);
    header.add(entry(name, dtype, Arrays.toString(shape), begin, data.capacity()));
    return this;
  }

  public static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  public byte[] bytes() {
    return file(header.toString(), data.array());
  }

  public Path write(Path file) {
    return write(file, bytes());
  }

  public static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The length of the header, the header, the data, whatever they are. */
  public static byte[] file(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return file(json.length, json, data);
  }

  public static byte[] file(long headerLength, byte[] header, byte[] data) {
    return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerLength)
        .put(header)
        .put(data)
        .array();
  }
}
