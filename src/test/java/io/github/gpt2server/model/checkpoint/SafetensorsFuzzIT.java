package io.github.gpt2server.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever bytes a file holds, it is read or refused with a sentence, in bounded memory. */
@OneCore
class SafetensorsFuzzIT {
  private static final int MUTATIONS = 100_000;

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
    byte[] valid =
        new SafetensorsWriter()
            .metadata()
            .add("wte.weight", DataType.F32, new long[] {2, 3}, 1, 2, 3, 4, 5, 6)
            .add("ln_f.bias", DataType.F16, new long[] {3}, 1, 2, 3)
            .add("h.0.attn.c_attn.bias", DataType.BF16, new long[] {4}, 1, 2, 3, 4)
            .bytes();
    Random random = new Random(7);
    FileFuzzer fuzzer = new FileFuzzer(folder.resolve("x.safetensors"), SafetensorsFile::open);
    for (int i = 0; i < MUTATIONS; i++) {
      fuzzer.open(
          random.nextInt(5) == 0 ? FileFuzzer.mutate(valid, random) : mutate(valid, random));
    }
    assertThat(fuzzer.read()).isGreaterThan(MUTATIONS / 100);
    assertThat(fuzzer.refused()).isGreaterThan(MUTATIONS / 2);
  }

  private static byte[] mutate(byte[] valid, Random random) {
    byte[] bytes = valid.clone();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int at = random.nextInt(bytes.length);
      bytes =
          switch (random.nextInt(10)) {
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
            case 6 -> number(bytes, at, random);
            case 7 -> entryAgain(bytes, random);
            case 8 -> exchanged(bytes, random);
            default -> changed(bytes, at, (byte) ('0' + random.nextInt(10)));
          };
    }
    return bytes;
  }

  private static byte[] changed(byte[] bytes, int at, byte value) {
    bytes[at] = value;
    return bytes;
  }

  /** Replaces a stretch of the file and, if it lies in the header, fixes the header's length. */
  private static byte[] spliced(byte[] bytes, int from, int to, String text) {
    byte[] inserted = text.getBytes(StandardCharsets.UTF_8);
    byte[] result =
        ByteBuffer.allocate(bytes.length - (to - from) + inserted.length)
            .put(bytes, 0, from)
            .put(inserted)
            .put(bytes, to, bytes.length - to)
            .array();
    if (from >= Long.BYTES) {
      int change = inserted.length - (to - from);
      int length = ((bytes[0] & 0xff) | ((bytes[1] & 0xff) << 8)) + change;
      result[0] = (byte) length;
      result[1] = (byte) (length >> 8);
    }
    return result;
  }

  /** Another number in the place of the next one: a size or an offset, where one follows. */
  private static byte[] number(byte[] bytes, int at, Random random) {
    int from = at;
    while (from < bytes.length && !(bytes[from] >= '0' && bytes[from] <= '9')) {
      from++;
    }
    int to = from;
    while (to < bytes.length && bytes[to] >= '0' && bytes[to] <= '9') {
      to++;
    }
    return to == from
        ? bytes
        : spliced(bytes, from, to, String.valueOf(random.nextLong() >>> random.nextInt(64)));
  }

  /** A tensor that is listed once more, under its own name or another. */
  private static byte[] entryAgain(byte[] bytes, Random random) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int from = text.indexOf("\"ln_f.bias\"");
    int to = text.indexOf('}', Math.max(0, from)) + 1;
    if (from < 0 || to <= from) {
      return bytes;
    }
    String entry = text.substring(from, to);
    String name = random.nextBoolean() ? "ln_f.bias" : "x".repeat(random.nextInt(3_000));
    return spliced(bytes, to, to, "," + entry.replace("ln_f.bias", name));
  }

  /** Two words of the header in each other's place: types, names of fields, names of tensors. */
  private static byte[] exchanged(byte[] bytes, Random random) {
    String[] words = {"F32", "F16", "BF16", "shape", "dtype", "ln_f.bias", "wte.weight"};
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String word = words[random.nextInt(words.length)];
    int from = text.indexOf(word);
    return from < 0
        ? bytes
        : spliced(bytes, from, from + word.length(), words[random.nextInt(words.length)]);
  }
}
