package io.github.gpt2server.bench;

import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes a model folder (float32, {@code vocab.json}, {@code merges.txt}, tied embeddings) as GGUF,
 * the format of llama.cpp: matrices in the type asked for, vectors and positions in float32.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
final class GgufFile {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;

  /** The format's numbers for the types of metadata. */
  private static final int UINT32 = 4;

  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  /** The parts of a block's names, here and in llama.cpp. */
  private static final Map<String, String> BLOCK_NAMES =
      Map.of(
          "ln_1", "attn_norm",
          "attn.c_attn", "attn_qkv",
          "attn.c_proj", "attn_output",
          "ln_2", "ffn_norm",
          "mlp.c_fc", "ffn_up",
          "mlp.c_proj", "ffn_down");

  /**
   * A tensor of the file.
   *
   * @param name llama.cpp's
   * @param source the checkpoint's
   * @param rows how many rows of {@code width} numbers it has, as they lie in the file
   * @param transposed whether a row of the file is a column of the checkpoint
   * @param vector whether it has one dimension
   */
  private record Entry(
      String name,
      String source,
      int rows,
      int width,
      boolean transposed,
      boolean vector,
      GgufType type) {
    long bytes() {
      return type.bytes((long) rows * width);
    }
  }

  private GgufFile() {}

  /** Writes the file, unless it is there. It gets its name when it is complete. */
  static void write(Path folder, GgufType type, Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    Gpt2Config config = Gpt2Config.read(folder);
    Weights weights = Weights.open(folder, config);
    List<Entry> entries = entries(config, type);
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part), 1 << 20)) {
      byte[] header = header(folder, config, type, entries);
      out.write(header);
      out.write(new byte[padding(header.length)]);
      for (Entry entry : entries) {
        write(weights.get(entry.source()), entry, out);
        out.write(new byte[padding(entry.bytes())]);
      }
    }
    Files.move(part, file);
  }

  private static List<Entry> entries(Gpt2Config config, GgufType type) {
    int width = config.width();
    List<Entry> entries = new ArrayList<>();
    entries.add(matrix("token_embd", "wte", config.vocabSize(), width, false, type));
    entries.add(matrix("position_embd", "wpe", config.contextLength(), width, false, GgufType.F32));
    for (int layer = 0; layer < config.layers(); layer++) {
      addNorm(entries, layer, "ln_1", width);
      addLinear(entries, layer, "attn.c_attn", width, 3 * width, type);
      addLinear(entries, layer, "attn.c_proj", width, width, type);
      addNorm(entries, layer, "ln_2", width);
      addLinear(entries, layer, "mlp.c_fc", width, config.innerWidth(), type);
      addLinear(entries, layer, "mlp.c_proj", config.innerWidth(), width, type);
    }
    entries.add(vector("output_norm.weight", "ln_f.weight", width));
    entries.add(vector("output_norm.bias", "ln_f.bias", width));
    return entries;
  }

  private static void addNorm(List<Entry> entries, int layer, String name, int width) {
    String to = "blk." + layer + "." + BLOCK_NAMES.get(name);
    String from = "h." + layer + "." + name;
    entries.add(vector(to + ".weight", from + ".weight", width));
    entries.add(vector(to + ".bias", from + ".bias", width));
  }

  private static void addLinear(
      List<Entry> entries, int layer, String name, int in, int out, GgufType type) {
    String to = "blk." + layer + "." + BLOCK_NAMES.get(name);
    String from = "h." + layer + "." + name;
    entries.add(matrix(to, from, out, in, true, type));
    entries.add(vector(to + ".bias", from + ".bias", out));
  }

  private static Entry matrix(
      String name, String source, int rows, int width, boolean transposed, GgufType type) {
    return new Entry(name + ".weight", source + ".weight", rows, width, transposed, false, type);
  }

  private static Entry vector(String name, String source, int width) {
    return new Entry(name, source, 1, width, false, true, GgufType.F32);
  }

  private static byte[] header(Path folder, Gpt2Config config, GgufType type, List<Entry> entries)
      throws IOException {
    Map<String, byte[]> metadata = metadata(folder, config, type);
    Bytes header = new Bytes();
    header.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    header.int32(VERSION).int64(entries.size()).int64(metadata.size());
    metadata.forEach((key, value) -> header.string(key).writeBytes(value));
    long offset = 0;
    for (Entry entry : entries) {
      // The innermost dimension comes first.
      header.string(entry.name()).int32(entry.vector() ? 1 : 2).int64(entry.width());
      if (!entry.vector()) {
        header.int64(entry.rows());
      }
      header.int32(entry.type().code()).int64(offset);
      offset += entry.bytes() + padding(entry.bytes());
    }
    return header.toByteArray();
  }

  private static Map<String, byte[]> metadata(Path folder, Gpt2Config config, GgufType type)
      throws IOException {
    Map<String, byte[]> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", text("gpt2"));
    metadata.put("general.name", text("gpt2"));
    metadata.put("general.file_type", number(type.fileCode()));
    metadata.put("gpt2.block_count", number(config.layers()));
    metadata.put("gpt2.context_length", number(config.contextLength()));
    metadata.put("gpt2.embedding_length", number(config.width()));
    metadata.put("gpt2.feed_forward_length", number(config.innerWidth()));
    metadata.put("gpt2.attention.head_count", number(config.heads()));
    metadata.put(
        "gpt2.attention.layer_norm_epsilon",
        new Bytes()
            .int32(FLOAT32)
            .int32(Float.floatToIntBits((float) config.layerNormEpsilon()))
            .toByteArray());
    int endOfText = config.endOfText().get(0);
    metadata.put("tokenizer.ggml.model", text("gpt2"));
    metadata.put("tokenizer.ggml.pre", text("gpt-2"));
    metadata.put("tokenizer.ggml.tokens", texts(tokens(folder, config.vocabSize())));
    metadata.put("tokenizer.ggml.token_type", tokenTypes(config.vocabSize(), endOfText));
    metadata.put("tokenizer.ggml.merges", texts(merges(folder)));
    metadata.put("tokenizer.ggml.bos_token_id", number(endOfText));
    metadata.put("tokenizer.ggml.eos_token_id", number(endOfText));
    metadata.put("tokenizer.ggml.add_bos_token", new Bytes().int32(BOOL).int8(0).toByteArray());
    return metadata;
  }

  private static byte[] number(int value) {
    return new Bytes().int32(UINT32).int32(value).toByteArray();
  }

  private static byte[] text(String value) {
    return new Bytes().int32(STRING).string(value).toByteArray();
  }

  private static byte[] texts(List<String> values) {
    Bytes bytes = new Bytes().int32(ARRAY).int32(STRING).int64(values.size());
    values.forEach(bytes::string);
    return bytes.toByteArray();
  }

  /** Normal tokens (1), but for the control token (3) at the end of a text. */
  private static byte[] tokenTypes(int vocabSize, int endOfText) {
    Bytes bytes = new Bytes().int32(ARRAY).int32(INT32).int64(vocabSize);
    for (int token = 0; token < vocabSize; token++) {
      bytes.int32(token == endOfText ? 3 : 1);
    }
    return bytes.toByteArray();
  }

  private static List<String> tokens(Path folder, int vocabSize) {
    Map<String, Integer> ids =
        JsonMapper.shared()
            .readValue(folder.resolve("vocab.json").toFile(), new TypeReference<>() {});
    List<String> tokens = new ArrayList<>(Collections.nCopies(vocabSize, ""));
    ids.forEach((token, id) -> tokens.set(id, token));
    return tokens;
  }

  private static List<String> merges(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve("merges.txt")).stream()
        .filter(line -> !line.isEmpty() && !line.startsWith("#version"))
        .toList();
  }

  private static void write(TensorData tensor, Entry entry, OutputStream out) throws IOException {
    FloatBuffer values = tensor.data().asFloatBuffer();
    int width = entry.width();
    float[] all = new float[entry.transposed() ? values.remaining() : 0];
    if (entry.transposed()) {
      values.get(all);
    }
    float[] row = new float[width];
    ByteBuffer encoded =
        ByteBuffer.allocate((int) entry.type().bytes(width)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < entry.rows(); i++) {
      if (entry.transposed()) {
        for (int j = 0; j < width; j++) {
          row[j] = all[j * entry.rows() + i];
        }
      } else {
        values.get(row);
      }
      entry.type().encode(row, encoded.clear());
      out.write(encoded.array());
    }
  }

  private static int padding(long bytes) {
    return (int) (-bytes & (ALIGNMENT - 1));
  }

  /** Little-endian bytes in memory. */
  private static final class Bytes extends ByteArrayOutputStream {
    Bytes int8(int value) {
      write(value);
      return this;
    }

    Bytes int32(int value) {
      writeBytes(
          ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
      return this;
    }

    Bytes int64(long value) {
      writeBytes(
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
      return this;
    }

    Bytes string(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      int64(bytes.length).writeBytes(bytes);
      return this;
    }
  }
}
