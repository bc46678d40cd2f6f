package io.github.gpt2server.model.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The directory of a zip file whose entries are stored as they are: where in the file each entry's
 * bytes lie. {@code java.util.zip} does not tell that, and inflates what is compressed; this class
 * refuses it. Checksums are not checked, since that would read the whole file.
 *
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">the format</a>
 */
final class StoredZip {

  /**
   * An entry.
   *
   * @param position where its bytes begin in the file
   * @param bytes how many they are
   */
  record Entry(String name, long position, long bytes) {
    long end() {
      return position + bytes;
    }
  }

  private record Directory(long position, long bytes, long entries) {}

  /** The largest number of entries, a hundred times that of gpt2-xl. */
  private static final int MAX_ENTRIES = 100_000;

  private static final int MAX_NAME_BYTES = 1_000;

  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
  private static final int ZIP64_LOCATOR_BYTES = 20;
  private static final int ZIP64_END_SIGNATURE = 0x06064b50;
  private static final int ZIP64_END_BYTES = 56;
  private static final int ENTRY_SIGNATURE = 0x02014b50;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int LOCAL_BYTES = 30;

  /** The value of a 32-bit field whose true value is in the entry's zip64 field. */
  private static final long IN_ZIP64_FIELD = 0xffff_ffffL;

  private static final int ZIP64_FIELD = 1;

  private final FileChannel channel;

  private StoredZip(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Reads the directory.
   *
   * @return its entries by name
   * @throws IllegalArgumentException with a phrase about what is wrong
   * @throws IOException if the file cannot be read
   */
  static Map<String, Entry> entries(FileChannel channel) throws IOException {
    StoredZip zip = new StoredZip(channel);
    Directory directory = zip.directory();
    Map<String, Entry> entries = new LinkedHashMap<>();
    long position = directory.position();
    long end = directory.position() + directory.bytes();
    for (long i = 0; i < directory.entries(); i++) {
      ByteBuffer fixed = zip.read(position, ENTRY_BYTES, end);
      requireSignature(fixed, ENTRY_SIGNATURE, "an entry");
      int nameBytes = Short.toUnsignedInt(fixed.getShort(28));
      int extraBytes = Short.toUnsignedInt(fixed.getShort(30));
      int commentBytes = Short.toUnsignedInt(fixed.getShort(32));
      if (nameBytes > MAX_NAME_BYTES) {
        throw new IllegalArgumentException(
            "its zip directory has a name of %d bytes".formatted(nameBytes));
      }
      ByteBuffer variable = zip.read(position + ENTRY_BYTES, nameBytes + extraBytes, end);
      String name = name(variable, nameBytes);
      if (entries.put(name, zip.entry(name, fixed, variable.position(nameBytes), directory))
          != null) {
        throw new IllegalArgumentException(
            "its zip directory has %s twice".formatted(MessageText.shorten(name)));
      }
      position += ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
    }
    requireApart(entries);
    return entries;
  }

  private Directory directory() throws IOException {
    long size = channel.size();
    long endPosition = size - END_BYTES;
    // PyTorch writes no comment, so the end record is the last thing in the file.
    ByteBuffer end = read(endPosition, END_BYTES, size);
    requireSignature(end, END_SIGNATURE, "an end: the file is cut short or something follows");
    Directory directory =
        new Directory(
            Integer.toUnsignedLong(end.getInt(16)),
            Integer.toUnsignedLong(end.getInt(12)),
            Short.toUnsignedLong(end.getShort(10)));
    long limit = endPosition;
    long locatorPosition = endPosition - ZIP64_LOCATOR_BYTES;
    if (locatorPosition >= 0) {
      ByteBuffer locator = read(locatorPosition, ZIP64_LOCATOR_BYTES, size);
      if (locator.getInt(0) == ZIP64_LOCATOR_SIGNATURE) {
        limit = locator.getLong(8);
        ByteBuffer zip64 = read(limit, ZIP64_END_BYTES, locatorPosition);
        requireSignature(zip64, ZIP64_END_SIGNATURE, "an end for large files");
        directory = new Directory(zip64.getLong(48), zip64.getLong(40), zip64.getLong(32));
      }
    }
    if (directory.entries() < 0 || directory.entries() > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "its zip directory has %s entries, and only %d are allowed"
              .formatted(Long.toUnsignedString(directory.entries()), MAX_ENTRIES));
    }
    requireInside(directory.position(), directory.bytes(), limit, "its zip directory");
    return directory;
  }

  private static String name(ByteBuffer variable, int bytes) {
    byte[] encoded = new byte[bytes];
    variable.get(0, encoded);
    String name = new String(encoded, StandardCharsets.UTF_8);
    // Nothing is ever unpacked; who writes such a name wants to write elsewhere all the same.
    if (name.startsWith("/")
        || name.contains("\\")
        || name.contains("\0")
        || List.of(name.split("/", -1)).contains("..")) {
      throw new IllegalArgumentException(
          "its zip directory has the name %s, which leads out of the archive"
              .formatted(MessageText.shorten(name)));
    }
    return name;
  }

  private Entry entry(String name, ByteBuffer fixed, ByteBuffer extra, Directory directory)
      throws IOException {
    int flags = fixed.getShort(8);
    int method = Short.toUnsignedInt(fixed.getShort(10));
    if ((flags & 1) != 0 || method != 0) {
      throw new IllegalArgumentException(
          "its entry %s is compressed or encrypted".formatted(MessageText.shorten(name)));
    }
    long[] values = {
      Integer.toUnsignedLong(fixed.getInt(24)),
      Integer.toUnsignedLong(fixed.getInt(20)),
      Integer.toUnsignedLong(fixed.getInt(42))
    };
    fillFromZip64Field(values, extra);
    if (values[0] != values[1]) {
      throw new IllegalArgumentException(
          "its entry %s has %d bytes, but %d when stored"
              .formatted(MessageText.shorten(name), values[0], values[1]));
    }
    // The local header may be padded differently from the directory's entry.
    ByteBuffer local = read(values[2], LOCAL_BYTES, directory.position());
    requireSignature(local, LOCAL_SIGNATURE, "the start of " + MessageText.shorten(name));
    long position =
        values[2]
            + LOCAL_BYTES
            + Short.toUnsignedLong(local.getShort(26))
            + Short.toUnsignedLong(local.getShort(28));
    requireInside(
        position, values[0], directory.position(), "its entry " + MessageText.shorten(name));
    return new Entry(name, position, values[0]);
  }

  /** Replaces size, stored size and position where they did not fit in 32 bits. */
  private static void fillFromZip64Field(long[] values, ByteBuffer extra) {
    while (extra.remaining() >= 2 * Short.BYTES) {
      int id = Short.toUnsignedInt(extra.getShort());
      int length = Short.toUnsignedInt(extra.getShort());
      if (length > extra.remaining()) {
        throw new IllegalArgumentException("its zip directory has a field that is cut short");
      }
      ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      for (int i = 0; id == ZIP64_FIELD && i < values.length; i++) {
        if (values[i] == IN_ZIP64_FIELD && field.remaining() >= Long.BYTES) {
          values[i] = field.getLong();
        }
      }
    }
  }

  private static void requireApart(Map<String, Entry> entries) {
    long end = 0;
    for (Entry entry :
        entries.values().stream()
            .sorted(Comparator.comparingLong(Entry::position).thenComparingLong(Entry::end))
            .toList()) {
      if (entry.position() < end) {
        throw new IllegalArgumentException(
            "its entry %s lies inside another".formatted(MessageText.shorten(entry.name())));
      }
      end = entry.end();
    }
  }

  private static void requireSignature(ByteBuffer record, int signature, String what) {
    if (record.getInt(0) != signature) {
      throw new IllegalArgumentException("its zip directory lacks " + what);
    }
  }

  private static void requireInside(long position, long bytes, long limit, String what) {
    if (position < 0 || bytes < 0 || position > limit || bytes > limit - position) {
      throw new IllegalArgumentException(
          "%s would be %s bytes from byte %s on, where there are %d"
              .formatted(
                  what,
                  Long.toUnsignedString(bytes),
                  Long.toUnsignedString(position),
                  Math.max(0, limit - Math.max(0, position))));
    }
  }

  private ByteBuffer read(long position, int bytes, long limit) throws IOException {
    requireInside(position, bytes, limit, "a part of its zip directory");
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException("it was truncated while it was being read");
      }
    }
    return buffer.flip();
  }
}
