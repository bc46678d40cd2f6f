package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Opens files of weights, whatever bytes they hold, and reads every tensor that they claim to have.
 * Checks that each is read or refused with one sentence of bounded length, and that no more memory
 * is allocated than the file could be worth.
 */
final class FileFuzzer {
  /** What reading a file of a few kilobytes may allocate: buffers and descriptions of tensors. */
  private static final long ALLOWED_BYTES = 256 * 1024;

  private static final com.sun.management.ThreadMXBean MEMORY =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Path file;
  private final Function<Path, TensorFile> opener;
  private int read;
  private int refused;
  private boolean wasRead;

  FileFuzzer(Path file, Function<Path, TensorFile> opener) {
    this.file = file;
    this.opener = opener;
  }

  /** How many files were opened, and their tensors read or refused one by one. */
  int read() {
    return read;
  }

  /** How many files were refused. */
  int refused() {
    return refused;
  }

  void open(byte... bytes) throws IOException {
    overwrite(bytes);
    long allocated = readAll();
    if (allocated > ALLOWED_BYTES) {
      // Java's own classes are loaded once; what the file makes us allocate comes every time.
      allocated = readAll();
    }
    assertThat(allocated)
        .as("bytes allocated for file %d", read + refused)
        .isLessThan(ALLOWED_BYTES);
    if (wasRead) {
      read++;
    } else {
      refused++;
    }
  }

  private long readAll() {
    long before = MEMORY.getCurrentThreadAllocatedBytes();
    TensorFile opened = tryTo(() -> opener.apply(file));
    wasRead = opened != null;
    if (wasRead) {
      opened.names().forEach(name -> tryTo(() -> sum(opened.read(name))));
    }
    return MEMORY.getCurrentThreadAllocatedBytes() - before;
  }

  /** Some bytes of a file changed, one bit of it, its end cut off, a stretch of it moved. */
  static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = new byte[] {0, 1, -1, 127, -128, '.'}[random.nextInt(6)];
        case 3 -> {
          byte[] number = new byte[Math.min(8, bytes.length - at)];
          Arrays.fill(number, (byte) -random.nextInt(2));
          System.arraycopy(number, 0, bytes, at, number.length);
        }
        case 4 -> {
          int from = random.nextInt(bytes.length);
          int length = random.nextInt(1 + bytes.length - Math.max(at, from));
          System.arraycopy(bytes, from, bytes, at, length);
        }
        default -> {
          if (random.nextInt(4) == 0) {
            bytes = Arrays.copyOf(bytes, at + 1);
          }
        }
      }
    }
    return bytes;
  }

  /** Cuts the file last: a file that is emptied first reaches the disk each time it is closed. */
  private void overwrite(byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.truncate(bytes.length);
    }
  }

  /** What it gives, or null if it refuses with a sentence. */
  private <T> T tryTo(Supplier<T> attempt) {
    try {
      return attempt.get();
    } catch (ModelLoadException e) {
      assertThat(e.getMessage()).contains(file.toString());
      assertThat(e.getMessage().lines()).hasSize(1);
      assertThat(e.getMessage().length()).isLessThan(file.toString().length() + 400);
      return null;
    }
  }

  /** Touches every byte. */
  private static int sum(TensorData tensor) {
    ByteBuffer data = tensor.data();
    int sum = 0;
    while (data.hasRemaining()) {
      sum += data.get();
    }
    return sum;
  }
}
