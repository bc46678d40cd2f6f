package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.PickledTensor.Storage;
import io.github.gpt2server.model.checkpoint.StoredZip.Entry;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A state dict that {@code torch.save} wrote, such as {@code pytorch_model.bin}: a pickle that
 * describes tensors, and their storages as plain bytes beside it. Since PyTorch 1.6 it is a zip
 * file with {@code NAME/data.pkl} and {@code NAME/data/KEY}; before, pickles and storages follow
 * each other. Both are read, by {@link Unpickler}, which runs nothing that the file says.
 *
 * <p>Source: {@code torch/serialization.py} of PyTorch 2.7, {@code _load} and {@code _legacy_load}.
 */
final class TorchFile implements TensorFile {
  private static final int ZIP_SIGNATURE = 0x04034b50;
  private static final int PROTO = 0x80;
  private static final int START_BYTES = 8;

  private static final BigInteger STREAM_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final Long STREAM_VERSION = 1001L;

  private final Path file;
  private final long fileBytes;
  private final Map<String, PickledTensor> tensors;
  private final Map<String, Long> positions;

  private TorchFile(
      Path file, long fileBytes, Map<String, PickledTensor> tensors, Map<String, Long> positions) {
    this.file = file;
    this.fileBytes = fileBytes;
    this.tensors = tensors;
    this.positions = positions;
  }

  /**
   * Reads and checks what the file says of its tensors.
   *
   * @throws ModelLoadException if the file cannot be read, is not valid, or asks for anything but
   *     tensors
   */
  static TorchFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException(file + " does not exist");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer start = read(channel, 0, START_BYTES);
      byte[] bytes = new byte[start.limit()];
      start.get(0, bytes);
      TensorFile.refuseGitLfsPointer(file, bytes);
      if (start.limit() < START_BYTES) {
        throw new IllegalArgumentException("it has only %d bytes".formatted(start.limit()));
      }
      if (start.getInt(0) == ZIP_SIGNATURE) {
        return readZip(file, channel);
      }
      if (Byte.toUnsignedInt(start.get(0)) == PROTO) {
        return readStream(file, channel);
      }
      throw new IllegalArgumentException("its beginning is not that of such a file");
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          "%s cannot be read as weights that PyTorch saved: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static TorchFile readZip(Path file, FileChannel channel) throws IOException {
    Map<String, Entry> entries = StoredZip.entries(channel);
    List<String> pickles =
        entries.keySet().stream().filter(name -> name.matches("[^/]+/data\\.pkl")).toList();
    if (pickles.size() != 1) {
      throw new IllegalArgumentException(
          "its zip directory has %d entries NAME/data.pkl instead of one"
              .formatted(pickles.size()));
    }
    String root = pickles.get(0).substring(0, pickles.get(0).indexOf('/') + 1);
    requireLittleEndian(channel, entries.get(root + "byteorder"));
    TorchObjects objects = new TorchObjects();
    Object state = Unpickler.load(map(channel, entries.get(pickles.get(0))), objects);
    Map<String, Long> positions = new HashMap<>();
    for (Storage storage : objects.storages().values()) {
      Entry entry = entries.get(root + "data/" + storage.key());
      if (entry == null || entry.bytes() != storage.bytes()) {
        throw new IllegalArgumentException(
            "storage %s has %d bytes in its pickle and %s in its zip directory"
                .formatted(
                    MessageText.shorten(storage.key()),
                    storage.bytes(),
                    entry == null ? "is not" : String.valueOf(entry.bytes())));
      }
      positions.put(storage.key(), entry.position());
    }
    return new TorchFile(file, channel.size(), tensors(state), positions);
  }

  private static void requireLittleEndian(FileChannel channel, Entry byteOrder) throws IOException {
    // A file of an older version has none, and is little endian.
    if (byteOrder == null) {
      return;
    }
    String order =
        StandardCharsets.US_ASCII
            .decode(
                read(channel, byteOrder.position(), (int) Math.min(byteOrder.bytes(), START_BYTES)))
            .toString();
    if (!order.equals("little")) {
      throw new IllegalArgumentException(
          "its numbers are in byte order %s, and only little is supported"
              .formatted(MessageText.shorten(order)));
    }
  }

  /** Magic number, version, system, state dict, keys of storages: five pickles; then storages. */
  private static TorchFile readStream(Path file, FileChannel channel) throws IOException {
    ByteBuffer pickles =
        map(channel, new Entry("", 0, Math.min(channel.size(), Integer.MAX_VALUE)));
    TorchObjects objects = new TorchObjects();
    if (!STREAM_MAGIC.equals(Unpickler.load(pickles, objects))
        || !STREAM_VERSION.equals(Unpickler.load(pickles, objects))) {
      throw new IllegalArgumentException("it begins with a pickle that torch.save does not write");
    }
    if (!(Unpickler.load(pickles, objects) instanceof Map<?, ?> system)
        || !Boolean.TRUE.equals(system.get("little_endian"))) {
      throw new IllegalArgumentException("its numbers are not little endian");
    }
    Object state = Unpickler.load(pickles, objects);
    if (!(Unpickler.load(pickles, objects) instanceof List<?> keys)) {
      throw new IllegalArgumentException("its pickles do not end with the keys of the storages");
    }
    Map<String, Long> positions = new HashMap<>();
    long position = pickles.position();
    for (Object key : keys) {
      Storage storage = key instanceof String name ? objects.storages().get(name) : null;
      if (storage == null || positions.containsKey(storage.key())) {
        throw new IllegalArgumentException("it lists a storage twice, or one without a tensor");
      }
      long end = position + Long.BYTES;
      if (end > channel.size() || storage.bytes() > channel.size() - end) {
        throw new IllegalArgumentException(
            "storage %s would be %d bytes from byte %d on, and the file has %d"
                .formatted(
                    MessageText.shorten(storage.key()), storage.bytes(), end, channel.size()));
      }
      long count = read(channel, position, Long.BYTES).getLong();
      if (count != storage.count()) {
        throw new IllegalArgumentException(
            "storage %s has %d numbers in its pickle and %d before its bytes"
                .formatted(MessageText.shorten(storage.key()), storage.count(), count));
      }
      positions.put(storage.key(), end);
      position = end + storage.bytes();
    }
    if (positions.size() < objects.storages().size()) {
      throw new IllegalArgumentException("it lacks the bytes of a storage");
    }
    return new TorchFile(file, channel.size(), tensors(state), positions);
  }

  private static Map<String, PickledTensor> tensors(Object state) {
    if (!(state instanceof Map<?, ?> entries)) {
      throw new IllegalArgumentException("its pickle does not hold a dictionary of tensors");
    }
    Map<String, PickledTensor> tensors = new LinkedHashMap<>();
    entries.forEach(
        (name, value) -> {
          if (name instanceof String text && value instanceof PickledTensor tensor) {
            tensors.put(text, tensor);
          }
        });
    return tensors;
  }

  /** Reads a number of bytes, fewer only at the end of the file. */
  private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {}
    return buffer.flip();
  }

  private static ByteBuffer map(FileChannel channel, Entry entry) throws IOException {
    return channel.map(
        FileChannel.MapMode.READ_ONLY,
        entry.position(),
        Math.min(entry.bytes(), Integer.MAX_VALUE));
  }

  @Override
  public Path path() {
    return file;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  @Override
  public DataType requireReadable(String name) {
    PickledTensor tensor = tensor(name);
    return TensorFile.readable(file, name, tensor.dtype().name(), tensor.bytes());
  }

  @Override
  public TensorData read(String name) {
    PickledTensor tensor = tensor(name);
    DataType dtype = requireReadable(name);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      // Touching a mapping beyond the end of a file kills the process instead of throwing.
      if (channel.size() != fileBytes) {
        throw new ModelLoadException(file + " changed while it was being read");
      }
      long position = positions.get(tensor.storage().key()) + tensor.begin();
      ByteBuffer data = channel.map(FileChannel.MapMode.READ_ONLY, position, tensor.bytes());
      return new TensorData(name, dtype, tensor.shape().clone(), tensor.strides().clone(), data);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private PickledTensor tensor(String name) {
    PickledTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(file + " has no tensor " + name);
    }
    return tensor;
  }

  private static ModelLoadException unreadable(Path file, IOException cause) {
    return new ModelLoadException(file + " cannot be read: " + cause, cause);
  }
}
