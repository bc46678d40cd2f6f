package io.github.gpt2server.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever bytes a file holds, it is read or refused with a sentence, in bounded memory. */
class SafetensorsFuzzTest {
  private static final int MUTATIONS = 20_000;

  /** What opening may allocate beyond the file: buffers, and classes loaded on the way. */
  private static final long ALLOWED_BYTES = 1024 * 1024;

  private static final String[] FRAGMENTS = {
    "0",
    "-1",
    "9223372036854775807",
    "18446744073709551616",
    "1e9",
    "null",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "F64",
    "BF16",
    "shape",
    "dtype",
    "data_offsets",
    "__metadata__",
    "\0"
  };

  @TempDir Path folder;

  @Test
  void refusesWithASentenceOrReads() throws IOException {
    final byte[] valid =
        new SafetensorsWriter()
            .metadata()
            .add("wte.weight", DataType.F32, new long[] {2, 3}, 1, 2, 3, 4, 5, 6)
            .add("ln_f.bias", DataType.F16, new long[] {3}, 1, 2, 3)
            .add("h.0.attn.c_attn.bias", DataType.BF16, new long[] {4}, 1, 2, 3, 4)
            .bytes();
    final Random random = new Random(7);
    final Path file = folder.resolve("x.safetensors");
    final com.sun.management.ThreadMXBean memory =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int read = 0;
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      final byte[] mutated = mutate(valid, random);
      overwrite(file, mutated);
      final long before = memory.getCurrentThreadAllocatedBytes();
      try {
        final SafetensorsFile opened = SafetensorsFile.open(file);
        for (final String name : opened.names()) {
          sum(opened.read(name));
        }
        read++;
      } catch (ModelLoadException e) {
        assertThat(e.getMessage()).contains(file.toString());
        assertThat(e.getMessage().lines()).hasSize(1);
        assertThat(e.getMessage().length()).isLessThan(file.toString().length() + 400);
        refused++;
      }
      assertThat(memory.getCurrentThreadAllocatedBytes() - before)
          .as("bytes allocated for mutation %d", i)
          .isLessThan(ALLOWED_BYTES);
    }
    assertThat(read).isGreaterThan(MUTATIONS / 100);
    assertThat(refused).isGreaterThan(MUTATIONS / 2);
  }

  /** Cuts the file last: a file that is emptied first reaches the disk each time it is closed. */
  private static void overwrite(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.truncate(bytes.length);
    }
  }

  /** Touches every byte. */
  private static void sum(TensorData tensor) {
    final ByteBuffer data = tensor.data();
    int sum = 0;
    while (data.hasRemaining()) {
      sum += data.get();
    }
    assertThat(sum).isBetween(-128 * data.limit(), 127 * data.limit());
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      final int at = random.nextInt(bytes.length);
      bytes =
          switch (random.nextInt(7)) {
            case 0 -> changed(bytes, at, (byte) random.nextInt());
            case 1 -> changed(bytes, at, (byte) (bytes[at] ^ (1 << random.nextInt(8))));
            case 2 -> changed(bytes, Math.min(at, random.nextInt(8)), (byte) random.nextInt());
            case 3 -> Arrays.copyOf(bytes, at + 1);
            case 4 -> spliced(bytes, at, at, FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
            case 5 ->
                spliced(
                    bytes,
                    at,
                    Math.min(bytes.length, at + 1 + random.nextInt(20)),
                    FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
            default -> changed(bytes, at, (byte) ('0' + random.nextInt(10)));
          };
    }
    return bytes;
  }

  private static byte[] changed(byte[] bytes, int at, byte value) {
    bytes[at] = value;
    return bytes;
  }

  /** Replaces a stretch of the file and, if it lies in the header, mends the header's length. */
  private static byte[] spliced(byte[] bytes, int from, int to, String text) {
    final byte[] inserted = text.getBytes(StandardCharsets.UTF_8);
    final byte[] result =
        ByteBuffer.allocate(bytes.length - (to - from) + inserted.length)
            .put(bytes, 0, from)
            .put(inserted)
            .put(bytes, to, bytes.length - to)
            .array();
    if (from >= Long.BYTES) {
      final int change = inserted.length - (to - from);
      final int length = ((bytes[0] & 0xff) | ((bytes[1] & 0xff) << 8)) + change;
      result[0] = (byte) length;
      result[1] = (byte) (length >> 8);
    }
    return result;
  }
}
