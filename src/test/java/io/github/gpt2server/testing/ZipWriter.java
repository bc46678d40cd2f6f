package io.github.gpt2server.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes zip files of stored entries as PyTorch does, and invalid ones. */
public final class ZipWriter {
  private final ByteArrayOutputStream local = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private final boolean zip64;
  private int entries;

  private ZipWriter(boolean zip64) {
    this.zip64 = zip64;
  }

  public static ZipWriter plain() {
    return new ZipWriter(false);
  }

  /** Every size and position is in the fields for large files. */
  public static ZipWriter zip64() {
    return new ZipWriter(true);
  }

  public ZipWriter add(String name, byte... bytes) {
    return add(name, 0, 0, bytes.length, bytes.length, 0, bytes);
  }

  /**
   * Adds an entry that says anything of itself.
   *
   * @param shift what is added to the position of its header
   */
  public ZipWriter add(
      String name, int flags, int method, long size, long storedSize, long shift, byte... bytes) {
    byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
    long position = local.size() + shift;
    // PyTorch aligns the bytes of storages with a field of its own here.
    byte[] padding = {'F', 'B', 3, 0, 'Z', 'Z', 'Z'};
    local.writeBytes(
        record(30)
            .putInt(0x04034b50)
            .putShort(26, (short) encoded.length)
            .putShort(28, (short) padding.length)
            .array());
    local.writeBytes(encoded);
    local.writeBytes(padding);
    local.writeBytes(bytes);

    byte[] extra =
        zip64
            ? record(28)
                .putShort((short) 1)
                .putShort((short) 24)
                .putLong(size)
                .putLong(storedSize)
                .putLong(position)
                .array()
            : new byte[0];
    directory.writeBytes(
        record(46)
            .putInt(0x02014b50)
            .putShort(8, (short) flags)
            .putShort(10, (short) method)
            .putInt(20, field(storedSize))
            .putInt(24, field(size))
            .putShort(28, (short) encoded.length)
            .putShort(30, (short) extra.length)
            .putInt(42, field(position))
            .array());
    directory.writeBytes(encoded);
    directory.writeBytes(extra);
    entries++;
    return this;
  }

  private int field(long value) {
    return zip64 ? -1 : (int) value;
  }

  public byte[] bytes() {
    return bytes(entries);
  }

  /** A file whose end gives this number of entries. */
  public byte[] bytes(long count) {
    int position = local.size();
    local.writeBytes(directory.toByteArray());
    if (zip64) {
      int end = local.size();
      local.writeBytes(
          record(56)
              .putInt(0x06064b50)
              .putLong(24, count)
              .putLong(32, count)
              .putLong(40, directory.size())
              .putLong(48, position)
              .array());
      local.writeBytes(record(20).putInt(0x07064b50).putLong(8, end).array());
    }
    local.writeBytes(
        record(22)
            .putInt(0x06054b50)
            .putShort(10, (short) (zip64 ? -1 : count))
            .putInt(12, zip64 ? -1 : directory.size())
            .putInt(16, zip64 ? -1 : position)
            .array());
    return local.toByteArray();
  }

  private static ByteBuffer record(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
