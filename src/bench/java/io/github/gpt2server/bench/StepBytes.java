package io.github.gpt2server.bench;

import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.torch.WeightType;

/** What a step has to read from memory, which bounds its speed. */
final class StepBytes {
  private StepBytes() {}

  /**
   * Bytes of the weights that a step of one sequence reads: every matrix once, the unembedding
   * among them, in the given type. Left out are vectors, the rows that it takes of the embeddings,
   * and the scales of int8, all together less than 1 %.
   */
  static long ofWeights(Gpt2Config config, WeightType type) {
    long width = config.width();
    long block = 4 * width * width + 2 * width * config.innerWidth();
    return (config.layers() * block + config.vocabSize() * width) * type.bytes();
  }
}
