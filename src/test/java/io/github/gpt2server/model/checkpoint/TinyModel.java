package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.testing.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The tensors of a GPT-2 with 5 token ids, 4 positions, width 6, 2 heads and 2 blocks, to be
 * changed and written to a folder. Each tensor holds a number of its own.
 */
final class TinyModel {
  static final Gpt2Config CONFIG = config(true);
  static final Gpt2Config UNTIED = config(false);

  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, Float> values = new LinkedHashMap<>();

  TinyModel() {
    put("wte.weight", 5, 6).put("wpe.weight", 4, 6);
    for (String block : List.of("h.0.", "h.1.")) {
      put(block + "ln_1.weight", 6).put(block + "ln_1.bias", 6);
      put(block + "attn.c_attn.weight", 6, 18).put(block + "attn.c_attn.bias", 18);
      put(block + "attn.c_proj.weight", 6, 6).put(block + "attn.c_proj.bias", 6);
      put(block + "ln_2.weight", 6).put(block + "ln_2.bias", 6);
      put(block + "mlp.c_fc.weight", 6, 24).put(block + "mlp.c_fc.bias", 24);
      put(block + "mlp.c_proj.weight", 24, 6).put(block + "mlp.c_proj.bias", 6);
    }
    put("ln_f.weight", 6).put("ln_f.bias", 6);
  }

  private static Gpt2Config config(boolean tied) {
    return new Gpt2Config(
        5, 4, 6, 2, 2, 24, 1e-5, Activation.GELU_TANH, tied, List.of(), true, false, false);
  }

  /** Adds or reshapes a tensor. */
  TinyModel put(String name, long... shape) {
    shapes.put(name, shape);
    values.putIfAbsent(name, (float) values.size() + 1);
    return this;
  }

  TinyModel fill(String name, float value) {
    values.put(name, value);
    return this;
  }

  TinyModel remove(String name) {
    shapes.remove(name);
    return this;
  }

  /** The number that every element of a tensor is. */
  float value(String name) {
    return values.get(name);
  }

  List<String> names() {
    return List.copyOf(shapes.keySet());
  }

  /** Writes the named tensors, renamed, to one file. */
  Path write(Path file, DataType dtype, List<String> names, UnaryOperator<String> rename) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata();
    for (String name : names) {
      int count = 1;
      for (long dimension : shapes.get(name)) {
        count *= (int) dimension;
      }
      float[] elements = new float[count];
      Arrays.fill(elements, value(name));
      writer.add(rename.apply(name), dtype, shapes.get(name), elements);
    }
    return writer.write(file);
  }

  /** Writes model.safetensors. */
  Path write(Path folder) {
    return write(
        folder.resolve("model.safetensors"), DataType.F32, names(), UnaryOperator.identity());
  }

  /** Writes two shards, cut before the given tensor, and their index. */
  Path writeShards(Path folder, String firstOfSecond) {
    int cut = names().indexOf(firstOfSecond);
    StringBuilder map = new StringBuilder();
    for (int shard = 0; shard < 2; shard++) {
      String file = "model-0000%d-of-00002.safetensors".formatted(shard + 1);
      List<String> part =
          shard == 0 ? names().subList(0, cut) : names().subList(cut, names().size());
      write(folder.resolve(file), DataType.F32, part, name -> "transformer." + name);
      for (String name : part) {
        map.append(map.isEmpty() ? "" : ",")
            .append("\"transformer.%s\":\"%s\"".formatted(name, file));
      }
    }
    return writeIndex(folder, map.toString());
  }

  static Path writeIndex(Path folder, String map) {
    return SafetensorsWriter.write(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":1},\"weight_map\":{%s}}"
            .formatted(map)
            .getBytes(StandardCharsets.UTF_8));
  }
}
