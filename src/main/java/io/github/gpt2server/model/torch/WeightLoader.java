package io.github.gpt2server.model.torch;

import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands a model's weights to the program, one block at a time, from the files' mapped bytes. */
final class WeightLoader {
  private static final Logger log = LoggerFactory.getLogger(WeightLoader.class);

  private static final List<String> BLOCK_TENSORS =
      Stream.of("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
          .flatMap(name -> Stream.of(name + ".weight", name + ".bias"))
          .toList();

  private static final String[] HEAD_TENSORS = {"ln_f.weight", "ln_f.bias", "lm_head.weight"};

  /** The linear layers in the order in which int8 tries them. */
  private static final List<String> LINEAR_LAYERS =
      List.of("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj");

  /**
   * A layer whose output int8 changes by a larger part of its variation stays in bfloat16. Layers
   * without channels far larger than others lose 1 to 2 %.
   */
  private static final double INT8_TOLERANCE = 0.05;

  private final TorchProgram program;
  private final Gpt2Config config;
  private final Weights weights;

  WeightLoader(TorchProgram program, Gpt2Config config, Weights weights) {
    this.program = program;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Loads all weights.
   *
   * @param type the type of the blocks' weights in memory
   * @param sample tokens of a text on which int8 tries every layer
   */
  void load(WeightType type, int[] sample) {
    run("load_embeddings", "wte.weight", "wpe.weight");
    loadHead(type);
    if (type == WeightType.INT8) {
      report(loadQuantized(sample));
    } else {
      for (int layer = 0; layer < config.layers(); layer++) {
        loadBlock(layer);
      }
    }
  }

  private void loadHead(WeightType type) {
    if (type == WeightType.INT8 && weights.tiedEmbeddings()) {
      run("load_final_norm", HEAD_TENSORS[0], HEAD_TENSORS[1]);
      return;
    }
    if (weights.tiedEmbeddings()) {
      run("load_tied_head", HEAD_TENSORS[0], HEAD_TENSORS[1]);
    } else {
      run("load_head", HEAD_TENSORS);
    }
  }

  private void run(String method, String... tensors) {
    try (WeightViews views = new WeightViews(program, weights)) {
      program.run(method, Stream.of(tensors).map(views::of).toArray(IValue[]::new));
    }
  }

  private void loadBlock(int layer) {
    try (WeightViews views = new WeightViews(program, weights)) {
      program.run("load_block", blockTensors(views, layer).toArray(IValue[]::new));
    }
  }

  private static Stream<IValue> blockTensors(WeightViews views, int layer) {
    return BLOCK_TENSORS.stream().map(name -> views.of("h." + layer + "." + name));
  }

  /** Returns for each linear layer by how much int8 changes its output: see quantization.py. */
  private Map<String, Double> loadQuantized(int[] sample) {
    program.run("begin_calibration", IValue.listFrom(TensorCalls.longs(sample)));
    Map<String, Double> changes = new LinkedHashMap<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      try (WeightViews views = new WeightViews(program, weights)) {
        double[] changed =
            program.numbers(
                "load_quantized_block",
                Stream.concat(
                        Stream.of(IValue.from(layer), IValue.from(INT8_TOLERANCE)),
                        blockTensors(views, layer))
                    .toArray(IValue[]::new));
        for (int i = 0; i < changed.length; i++) {
          changes.put("h.%d.%s".formatted(layer, LINEAR_LAYERS.get(i)), changed[i]);
        }
      }
    }
    if (weights.tiedEmbeddings()) {
      try (WeightViews views = new WeightViews(program, weights)) {
        changes.put(
            "lm_head",
            program.number(
                "load_quantized_head", IValue.from(INT8_TOLERANCE), views.of(HEAD_TENSORS[2])));
      }
    }
    program.run("end_calibration");
    return changes;
  }

  private static void report(Map<String, Double> changes) {
    log.debug("Changes by int8: {}", changes);
    List<String> unsuited =
        changes.entrySet().stream()
            .filter(change -> !(change.getValue() <= INT8_TOLERANCE))
            .map(change -> "%s (%.1f %%)".formatted(change.getKey(), 100 * change.getValue()))
            .toList();
    double largest =
        changes.values().stream()
            .mapToDouble(Double::doubleValue)
            .filter(change -> change <= INT8_TOLERANCE)
            .max()
            .orElse(0);
    log.info(
        "int8 for {} of {} linear layers, whose outputs it changes by {} % at most{}",
        changes.size() - unsuited.size(),
        changes.size(),
        "%.1f".formatted(100 * largest),
        unsuited.isEmpty() ? "" : "; not for " + String.join(", ", unsuited));
  }
}
