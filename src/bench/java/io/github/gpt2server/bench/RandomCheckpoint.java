package io.github.gpt2server.bench;

import io.github.gpt2server.bench.Gpt2Shape.Tensor;
import io.github.gpt2server.tokenizer.Gpt2Vocabulary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model folder with random weights in float32 and GPT-2's own tokenizer: right for speed and
 * memory, noise as text.
 */
final class RandomCheckpoint {
  private static final int SEED = 0;
  private static final int END_OF_TEXT = Gpt2Shape.VOCAB_SIZE - 1;
  private static final int BUFFER_BYTES = 1 << 20;

  private RandomCheckpoint() {}

  /** Writes the folder, unless it is there. It gets its name when it is complete. */
  static void write(Path folder, Gpt2Shape shape) throws IOException {
    if (Files.exists(folder)) {
      return;
    }
    Path part = folder.resolveSibling(folder.getFileName() + ".part");
    FileSystemUtils.deleteRecursively(part);
    Files.createDirectories(part);
    Gpt2Vocabulary.write(part);
    JsonMapper json = JsonMapper.shared();
    Files.write(part.resolve("config.json"), json.writeValueAsBytes(config(shape)));
    try (FileChannel file =
        FileChannel.open(
            part.resolve("model.safetensors"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      List<Tensor> tensors = shape.tensors();
      writeHeader(file, json.writeValueAsString(header(tensors)));
      SplittableRandom random = new SplittableRandom(SEED);
      for (Tensor tensor : tensors) {
        writeTensor(file, tensor, random);
      }
    }
    Files.move(part, folder);
  }

  private static Map<String, Object> config(Gpt2Shape shape) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("GPT2LMHeadModel"));
    config.put("model_type", "gpt2");
    config.put("activation_function", "gelu_new");
    config.put("n_positions", Gpt2Shape.CONTEXT_LENGTH);
    config.put("n_embd", shape.width());
    config.put("n_head", shape.heads());
    config.put("n_layer", shape.layers());
    config.put("vocab_size", Gpt2Shape.VOCAB_SIZE);
    config.put("layer_norm_epsilon", 1e-5);
    config.put("bos_token_id", END_OF_TEXT);
    config.put("eos_token_id", END_OF_TEXT);
    config.put("tie_word_embeddings", true);
    return config;
  }

  private static Map<String, Object> header(List<Tensor> tensors) {
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (Tensor tensor : tensors) {
      long end = offset + tensor.elements() * Float.BYTES;
      header.put(
          tensor.name(),
          Map.of("dtype", "F32", "shape", tensor.shape(), "data_offsets", List.of(offset, end)));
      offset = end;
    }
    return header;
  }

  private static void writeHeader(FileChannel file, String json) throws IOException {
    // Spaces let the numbers begin at a multiple of their size.
    byte[] header = (json + " ".repeat(-json.length() & 7)).getBytes(StandardCharsets.US_ASCII);
    writeAll(
        file,
        ByteBuffer.allocate(Long.BYTES + header.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .flip());
  }

  private static void writeTensor(FileChannel file, Tensor tensor, SplittableRandom random)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long left = tensor.elements(); left > 0; left--) {
      buffer.putFloat((float) (tensor.mean() + tensor.deviation() * random.nextGaussian()));
      if (!buffer.hasRemaining() || left == 1) {
        writeAll(file, buffer.flip());
        buffer.clear();
      }
    }
  }

  private static void writeAll(FileChannel file, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }
}
