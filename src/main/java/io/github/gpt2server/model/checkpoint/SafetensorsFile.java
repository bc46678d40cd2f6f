package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file: eight bytes with the header's length, a JSON header, the tensors' bytes. Its
 * header is read and checked when it is opened; tensors are mapped one by one when they are asked
 * for, so that a file may be larger than the heap and larger than 2 GB.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class SafetensorsFile implements TensorFile {
  /** The format's own limit. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int LENGTH_BYTES = 8;

  private final Path file;
  private final long fileBytes;
  private final long dataStart;
  private final Map<String, SafetensorsHeader.Entry> entries;

  private SafetensorsFile(
      Path file, long fileBytes, long dataStart, Map<String, SafetensorsHeader.Entry> entries) {
    this.file = file;
    this.fileBytes = fileBytes;
    this.dataStart = dataStart;
    this.entries = entries;
  }

  /**
   * Reads and checks the header.
   *
   * @throws ModelLoadException if the file cannot be read or is not valid
   */
  public static SafetensorsFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException(file + " does not exist");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long fileBytes = channel.size();
      InputStream in = Channels.newInputStream(channel);
      long headerBytes = headerBytes(file, fileBytes, in.readNBytes(LENGTH_BYTES));
      byte[] json = in.readNBytes((int) headerBytes);
      if (json.length < headerBytes) {
        throw changed(file);
      }
      long dataStart = LENGTH_BYTES + headerBytes;
      return new SafetensorsFile(
          file, fileBytes, dataStart, SafetensorsHeader.parse(file, json, fileBytes - dataStart));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static long headerBytes(Path file, long fileBytes, byte[] start) {
    if (start.length < LENGTH_BYTES) {
      throw new ModelLoadException(
          "%s is not a valid safetensors file: it has only %d bytes".formatted(file, start.length));
    }
    TensorFile.refuseGitLfsPointer(file, start);
    long headerBytes = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
    // A length of 2^63 or more reads as a negative number.
    if (headerBytes <= 0 || headerBytes > fileBytes - LENGTH_BYTES) {
      throw new ModelLoadException(
          "%s is not a valid safetensors file: its header would have %s bytes, and the file has %d"
              .formatted(file, Long.toUnsignedString(headerBytes), fileBytes));
    }
    if (headerBytes > MAX_HEADER_BYTES) {
      throw new ModelLoadException(
          "%s is not a valid safetensors file: its header has %d bytes, and the format allows %d"
              .formatted(file, headerBytes, MAX_HEADER_BYTES));
    }
    return headerBytes;
  }

  @Override
  public Path path() {
    return file;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  @Override
  public long[] shape(String name) {
    return entry(name).shape().clone();
  }

  @Override
  public TensorData read(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    DataType dtype = requireReadable(name);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      // Touching a mapping beyond the end of a file kills the process instead of throwing.
      if (channel.size() != fileBytes) {
        throw changed(file);
      }
      ByteBuffer data =
          channel.map(FileChannel.MapMode.READ_ONLY, dataStart + entry.begin(), entry.bytes());
      return TensorData.contiguous(name, dtype, entry.shape().clone(), data);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public DataType requireReadable(String name) {
    SafetensorsHeader.Entry entry = entry(name);
    return TensorFile.readable(file, name, entry.dtype(), entry.bytes());
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(file + " has no tensor " + name);
    }
    return entry;
  }

  private static ModelLoadException changed(Path file) {
    return new ModelLoadException(file + " changed while it was being read");
  }

  private static ModelLoadException unreadable(Path file, IOException cause) {
    return new ModelLoadException(file + " cannot be read: " + cause, cause);
  }
}
