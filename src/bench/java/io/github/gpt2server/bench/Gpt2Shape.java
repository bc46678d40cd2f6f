package io.github.gpt2server.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How large a GPT-2 is. All have OpenAI's vocabulary and context.
 *
 * @param layers how many blocks it has
 * @param width the length of a residual stream vector
 * @param heads how many attention heads a block has
 */
record Gpt2Shape(int layers, int width, int heads) {
  static final int VOCAB_SIZE = 50_257;
  static final int CONTEXT_LENGTH = 1024;

  /** The published sizes by their names. */
  static final Map<String, Gpt2Shape> PUBLISHED = published();

  /**
   * A tensor of random numbers; what they are drawn from is near what trained weights have.
   *
   * @param name as in OpenAI's checkpoint
   * @param shape its dimensions, outermost first
   */
  record Tensor(String name, List<Integer> shape, double mean, double deviation) {
    long elements() {
      return shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    }
  }

  private static Map<String, Gpt2Shape> published() {
    Map<String, Gpt2Shape> shapes = new LinkedHashMap<>();
    shapes.put("distilgpt2", new Gpt2Shape(6, 768, 12));
    shapes.put("gpt2", new Gpt2Shape(12, 768, 12));
    shapes.put("gpt2-medium", new Gpt2Shape(24, 1024, 16));
    shapes.put("gpt2-large", new Gpt2Shape(36, 1280, 20));
    shapes.put("gpt2-xl", new Gpt2Shape(48, 1600, 25));
    return shapes;
  }

  /** Its tensors in the checkpoint's order. */
  List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(new Tensor("wte.weight", List.of(VOCAB_SIZE, width), 0, 0.02));
    tensors.add(new Tensor("wpe.weight", List.of(CONTEXT_LENGTH, width), 0, 0.01));
    for (int layer = 0; layer < layers; layer++) {
      String block = "h." + layer + ".";
      addNorm(tensors, block + "ln_1");
      addLinear(tensors, block + "attn.c_attn", width, 3 * width, 0.05);
      addLinear(tensors, block + "attn.c_proj", width, width, 0.016);
      addNorm(tensors, block + "ln_2");
      addLinear(tensors, block + "mlp.c_fc", width, 4 * width, 0.05);
      addLinear(tensors, block + "mlp.c_proj", 4 * width, width, 0.016);
    }
    addNorm(tensors, "ln_f");
    return tensors;
  }

  private void addNorm(List<Tensor> tensors, String name) {
    tensors.add(new Tensor(name + ".weight", List.of(width), 1, 0.02));
    tensors.add(new Tensor(name + ".bias", List.of(width), 0, 0.02));
  }

  private static void addLinear(
      List<Tensor> tensors, String name, int in, int out, double deviation) {
    tensors.add(new Tensor(name + ".weight", List.of(in, out), 0, deviation));
    tensors.add(new Tensor(name + ".bias", List.of(out), 0, 0.02));
  }
}
