package io.github.gpt2server.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.checkpoint.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the writer wrote, read by a reader of the test's own. */
class GgufFileTest {
  private static final int WIDTH = 32;

  @TempDir private static Path temporary;

  private static Path folder;
  private static SafetensorsFile checkpoint;

  private record Tensor(List<Long> dimensions, int type, long offset) {}

  /** A GGUF file in memory. */
  private static final class Reader {
    private final ByteBuffer bytes;
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final int data;

    Reader(Path file) throws IOException {
      bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(raw(4)).isEqualTo("GGUF");
      assertThat(bytes.getInt()).isEqualTo(3);
      long tensorCount = bytes.getLong();
      long metadataCount = bytes.getLong();
      for (long i = 0; i < metadataCount; i++) {
        metadata.put(string(), value(bytes.getInt()));
      }
      for (long i = 0; i < tensorCount; i++) {
        String name = string();
        List<Long> dimensions = new ArrayList<>();
        int count = bytes.getInt();
        for (int j = 0; j < count; j++) {
          dimensions.add(bytes.getLong());
        }
        tensors.put(name, new Tensor(dimensions, bytes.getInt(), bytes.getLong()));
      }
      data = (bytes.position() + 31) / 32 * 32;
    }

    ByteBuffer at(String name) {
      return bytes
          .duplicate()
          .order(ByteOrder.LITTLE_ENDIAN)
          .position(Math.toIntExact(data + tensors.get(name).offset()));
    }

    private Object value(int type) {
      return switch (type) {
        case 4, 5 -> bytes.getInt();
        case 6 -> bytes.getFloat();
        case 7 -> bytes.get() != 0;
        case 8 -> string();
        case 9 -> {
          int element = bytes.getInt();
          long count = bytes.getLong();
          List<Object> values = new ArrayList<>();
          for (long i = 0; i < count; i++) {
            values.add(value(element));
          }
          yield values;
        }
        default -> throw new AssertionError("type " + type);
      };
    }

    private String string() {
      return raw(Math.toIntExact(bytes.getLong()));
    }

    private String raw(int length) {
      byte[] text = new byte[length];
      bytes.get(text);
      return new String(text, StandardCharsets.UTF_8);
    }
  }

  @BeforeAll
  static void write() throws IOException {
    folder = temporary.resolve("small");
    RandomCheckpoint.write(folder, new Gpt2Shape(2, WIDTH, 2));
    checkpoint = SafetensorsFile.open(folder.resolve("model.safetensors"));
  }

  private static Reader gguf(GgufType type) throws IOException {
    Path file = temporary.resolve(type + ".gguf");
    GgufFile.write(folder, type, file);
    return new Reader(file);
  }

  @Test
  void metadataDescribesTheModelAndItsTokenizer() throws IOException {
    Map<String, Object> metadata = gguf(GgufType.Q8_0).metadata;
    assertThat(metadata)
        .containsEntry("general.architecture", "gpt2")
        .containsEntry("general.file_type", 7)
        .containsEntry("gpt2.block_count", 2)
        .containsEntry("gpt2.context_length", 1024)
        .containsEntry("gpt2.embedding_length", 32)
        .containsEntry("gpt2.feed_forward_length", 128)
        .containsEntry("gpt2.attention.head_count", 2)
        .containsEntry("gpt2.attention.layer_norm_epsilon", 1e-5f)
        .containsEntry("tokenizer.ggml.eos_token_id", 50_256)
        .containsEntry("tokenizer.ggml.add_bos_token", false);
    List<?> tokens = (List<?>) metadata.get("tokenizer.ggml.tokens");
    assertThat(tokens).hasSize(50_257);
    assertThat(tokens.get(15_496)).isEqualTo("Hello");
    assertThat(tokens.get(995)).isEqualTo("Ġworld");
    assertThat(tokens.get(50_256)).isEqualTo("<|endoftext|>");
    assertThat((List<?>) metadata.get("tokenizer.ggml.merges")).hasSize(50_000);
    List<?> types = (List<?>) metadata.get("tokenizer.ggml.token_type");
    assertThat(types.get(50_255)).isEqualTo(1);
    assertThat(types.get(50_256)).isEqualTo(3);
  }

  @Test
  void tensorsFollowEachOtherAtMultiplesOf32AndFillTheFile() throws IOException {
    for (GgufType type : GgufType.values()) {
      Reader file = gguf(type);
      assertThat(file.tensors).hasSize(4 + 2 * 12);
      long expected = 0;
      for (Tensor tensor : file.tensors.values()) {
        assertThat(tensor.offset()).isEqualTo(expected).isEqualTo(expected / 32 * 32);
        long elements = tensor.dimensions().stream().reduce(1L, (a, b) -> a * b);
        long bytes =
            switch (tensor.type()) {
              case 0 -> 4 * elements;
              case 1 -> 2 * elements;
              case 8 -> 34 * elements / 32;
              default -> throw new AssertionError(tensor);
            };
        expected += (bytes + 31) / 32 * 32;
      }
      assertThat(file.data + expected).isEqualTo(file.bytes.capacity());
    }
  }

  @Test
  void matricesAreOfTheTypeAskedForAndVectorsInFloat32() throws IOException {
    Map<String, Tensor> tensors = gguf(GgufType.F16).tensors;
    assertThat(tensors.get("token_embd.weight").type()).isEqualTo(1);
    assertThat(tensors.get("blk.1.ffn_down.weight").type()).isEqualTo(1);
    assertThat(tensors.get("position_embd.weight").type()).isZero();
    assertThat(tensors.get("blk.1.ffn_down.bias").type()).isZero();
    // The innermost dimension, what a matrix takes in, comes first.
    assertThat(tensors.get("blk.1.ffn_down.weight").dimensions()).containsExactly(128L, 32L);
    assertThat(tensors.get("blk.0.attn_qkv.weight").dimensions()).containsExactly(32L, 96L);
    assertThat(tensors.get("token_embd.weight").dimensions()).containsExactly(32L, 50_257L);
    assertThat(tensors.get("output_norm.bias").dimensions()).containsExactly(32L);
  }

  @Test
  void linearWeightsAreTransposedAndEmbeddingsAreNot() throws IOException {
    Reader file = gguf(GgufType.F32);
    FloatBuffer linear = values("h.1.mlp.c_fc.weight");
    ByteBuffer written = file.at("blk.1.ffn_up.weight");
    for (int out = 0; out < 128; out++) {
      for (int in = 0; in < WIDTH; in++) {
        assertThat(written.getFloat()).isEqualTo(linear.get(in * 128 + out));
      }
    }
    FloatBuffer embedding = values("wte.weight");
    ByteBuffer row = file.at("token_embd.weight");
    row.position(row.position() + 4 * (777 * WIDTH + 5));
    assertThat(row.getFloat()).isEqualTo(embedding.get(777 * WIDTH + 5));
    assertThat(file.at("blk.1.ffn_norm.bias").getFloat()).isEqualTo(values("h.1.ln_2.bias").get(0));
  }

  private static FloatBuffer values(String name) {
    return checkpoint.read(name).data().asFloatBuffer();
  }

  @Test
  void halvesAreRounded() {
    ByteBuffer out = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    GgufType.F16.encode(new float[] {1, -2, 0.1f, 65504, 0}, out);
    // 0.1 is 1.6 times 2^-4, and 0.6 of 1024 is 614.4.
    assertThat(List.of(out.getShort(0), out.getShort(2), out.getShort(4), out.getShort(6)))
        .containsExactly((short) 0x3c00, (short) 0xc000, (short) (0x2c00 + 614), (short) 0x7bff);
    assertThat(out.getShort(8)).isZero();
  }

  @Test
  void blocksOfQ8HaveAScaleAndNumbersRoundedAwayFromZero() {
    float[] row = new float[64];
    // The scale is 63.5 / 127, a half.
    row[0] = 63.5f;
    row[1] = -63.5f;
    row[2] = 0.25f;
    row[3] = -0.25f;
    row[4] = 0.24f;
    row[5] = 10;
    ByteBuffer out = ByteBuffer.allocate(68).order(ByteOrder.LITTLE_ENDIAN);
    GgufType.Q8_0.encode(row, out);
    assertThat(out.getShort(0)).isEqualTo((short) 0x3800);
    byte[] numbers = new byte[7];
    out.get(2, numbers);
    assertThat(numbers).containsExactly(127, -127, 1, -1, 0, 20, 0);
    // A block of zeros has the scale zero.
    assertThat(out.getShort(34)).isZero();
    assertThat(out.get(36)).isZero();
    assertThat(out.position()).isEqualTo(68);
  }
}
