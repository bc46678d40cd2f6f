package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.testing.PickleWriter;
import io.github.gpt2server.testing.SafetensorsWriter;
import io.github.gpt2server.testing.ZipWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A folder with a GPT-2 of 2 blocks, 11 token ids, 16 positions, width 12, 3 heads and random
 * weights, in any layout.
 */
final class RandomModel {
  private record Tensor(long[] shape, float[] values) {}

  private final Path folder;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /**
   * Draws the weights and writes config.json.
   *
   * @param inner the width inside the MLPs
   * @param deviation of attention's weights; large ones make scores that reduced precision cannot
   *     hold
   * @param fields of config.json, with single quotes, each with a comma before it
   */
  RandomModel(Path folder, int inner, double deviation, String fields) {
    this.folder = folder;
    Random random = new Random(3);
    draw("wte.weight", random, 1, 11, 12);
    draw("wpe.weight", random, 0.5, 16, 12);
    for (String block : List.of("h.0.", "h.1.")) {
      draw(block + "ln_1.weight", random, 1, 12);
      draw(block + "ln_1.bias", random, 0.2, 12);
      draw(block + "attn.c_attn.weight", random, deviation, 12, 36);
      draw(block + "attn.c_attn.bias", random, 0.2, 36);
      draw(block + "attn.c_proj.weight", random, 0.3, 12, 12);
      draw(block + "attn.c_proj.bias", random, 0.2, 12);
      draw(block + "ln_2.weight", random, 1, 12);
      draw(block + "ln_2.bias", random, 0.2, 12);
      draw(block + "mlp.c_fc.weight", random, 0.5, 12, inner);
      draw(block + "mlp.c_fc.bias", random, 0.2, inner);
      draw(block + "mlp.c_proj.weight", random, 0.3, inner, 12);
      draw(block + "mlp.c_proj.bias", random, 0.2, 12);
    }
    draw("ln_f.weight", random, 1, 12);
    draw("ln_f.bias", random, 0.2, 12);
    String config =
        "{'model_type':'gpt2','vocab_size':11,'n_positions':16,'n_embd':12,'n_layer':2,'n_head':3%s}";
    SafetensorsWriter.write(
        folder.resolve("config.json"),
        config.formatted(fields).replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** Gives the model an unembedding of its own. */
  RandomModel untied() {
    draw("lm_head.weight", new Random(4), 1, 11, 12);
    return this;
  }

  /** Takes all biases away. */
  RandomModel withoutBiases() {
    tensors.keySet().removeIf(name -> name.endsWith(".bias"));
    return this;
  }

  /** Gives a tensor another name. */
  RandomModel renamed(String from, String to) {
    tensors.put(to, tensors.remove(from));
    return this;
  }

  /** Makes the last rows of a matrix, from one on, what is no number. */
  RandomModel notNumbers(String name, int row) {
    Tensor tensor = tensors.get(name);
    Arrays.fill(tensor.values(), row * (int) tensor.shape()[1], tensor.values().length, Float.NaN);
    return this;
  }

  /** Multiplies a row of a matrix. */
  RandomModel scaled(String name, int row, float factor) {
    Tensor tensor = tensors.get(name);
    int width = (int) tensor.shape()[1];
    for (int i = row * width; i < (row + 1) * width; i++) {
      tensor.values()[i] *= factor;
    }
    return this;
  }

  private void draw(String name, Random random, double deviation, int... shape) {
    long[] dimensions = new long[shape.length];
    int count = 1;
    for (int i = 0; i < shape.length; i++) {
      dimensions[i] = shape[i];
      count *= shape[i];
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      // Short fractions, so that every type holds them and Float16 can write them.
      values[i] = Math.round(random.nextGaussian() * deviation * 32) / 32f;
    }
    tensors.put(name, new Tensor(dimensions, values));
  }

  /** Writes model.safetensors. */
  RandomModel safetensors(DataType dtype, UnaryOperator<String> rename) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata();
    tensors.forEach(
        (name, tensor) -> writer.add(rename.apply(name), dtype, tensor.shape(), tensor.values()));
    writer.write(folder.resolve("model.safetensors"));
    return this;
  }

  /**
   * Writes pytorch_model.bin as torch.save does since PyTorch 1.6.
   *
   * @param transposed whether matrices lie column by column
   */
  RandomModel zip(boolean transposed) {
    ZipWriter zip = ZipWriter.plain().add("archive/data.pkl", pickle(tensors.keySet(), transposed));
    int key = 0;
    for (Tensor tensor : tensors.values()) {
      zip.add("archive/data/" + key++, bytes(tensor, transposed));
    }
    SafetensorsWriter.write(folder.resolve("pytorch_model.bin"), zip.bytes());
    return this;
  }

  /** Writes pytorch_model.bin as torch.save did before, its storages at odd positions. */
  RandomModel stream() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        new PickleWriter()
            .op(0x80, 2, 0x8a, 10)
            .op(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
            .stop());
    out.writeBytes(PickleWriter.protocol2().number(1001).stop());
    out.writeBytes(
        PickleWriter.protocol2().op("}").string("little_endian").op(0x88).op("s").stop());
    out.writeBytes(pickle(tensors.keySet(), false));
    PickleWriter keys = PickleWriter.protocol2().op("](");
    for (int key = 0; key < tensors.size(); key++) {
      keys.string(String.valueOf(key));
    }
    keys.op("e");
    // An instruction that changes nothing makes what follows lie at an odd position.
    boolean even = (out.size() + keys.bytes().length + 1) % 2 == 0;
    out.writeBytes((even ? keys.op(0x94) : keys).stop());
    for (Tensor tensor : tensors.values()) {
      out.writeBytes(new PickleWriter().littleEndian(tensor.values().length, 8).bytes());
      out.writeBytes(bytes(tensor, false));
    }
    SafetensorsWriter.write(folder.resolve("pytorch_model.bin"), out.toByteArray());
    return this;
  }

  /** Writes two shards and pytorch_model.bin.index.json. */
  RandomModel shards() {
    StringBuilder map = new StringBuilder();
    List<String> names = List.copyOf(tensors.keySet());
    for (int shard = 1; shard <= 2; shard++) {
      String file = "pytorch_model-0000%d-of-00002.bin".formatted(shard);
      List<String> part = shard == 1 ? names.subList(0, 9) : names.subList(9, names.size());
      ZipWriter zip = ZipWriter.plain().add("x/data.pkl", pickle(part, false));
      for (int key = 0; key < part.size(); key++) {
        zip.add("x/data/" + key, bytes(tensors.get(part.get(key)), false));
        map.append(map.isEmpty() ? "" : ",").append("\"%s\":\"%s\"".formatted(part.get(key), file));
      }
      SafetensorsWriter.write(folder.resolve(file), zip.bytes());
    }
    try {
      Files.writeString(
          folder.resolve("pytorch_model.bin.index.json"), "{\"weight_map\":{" + map + "}}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  private byte[] pickle(Iterable<String> names, boolean transposed) {
    PickleWriter pickle = PickleWriter.protocol2().orderedDict().op("(");
    int key = 0;
    for (String name : names) {
      Tensor tensor = tensors.get(name);
      long[] shape = tensor.shape();
      long[] strides =
          shape.length == 1
              ? new long[] {1}
              : transposed ? new long[] {1, shape[0]} : new long[] {shape[1], 1};
      pickle
          .string(name)
          .tensor("FloatStorage", String.valueOf(key++), tensor.values().length, 0, shape, strides);
    }
    return pickle.op("u").stop();
  }

  private static byte[] bytes(Tensor tensor, boolean transposed) {
    int rows = (int) tensor.shape()[0];
    int columns = tensor.values().length / rows;
    ByteBuffer bytes =
        ByteBuffer.allocate(tensor.values().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < tensor.values().length; i++) {
      bytes.putFloat(tensor.values()[transposed ? i % rows * columns + i / rows : i]);
    }
    return bytes.array();
  }
}
