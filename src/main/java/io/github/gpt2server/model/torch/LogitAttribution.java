package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import java.nio.FloatBuffer;
import java.util.function.Supplier;

/**
 * Takes the targets' logits at one position apart. What each component adds to the residual stream
 * is retained until its last value is known, for the last layer norm divides by that one's
 * deviation.
 */
final class LogitAttribution {
  private final TensorCalls program;
  private final Gpt2Config config;
  private final int position;
  private final int[] targets;

  private PtNDArray embedding;
  private final PtNDArray[] parts;
  private final InspectionResult.Attribution result;

  LogitAttribution(TensorCalls program, Gpt2Config config, Inspection asked) {
    this.program = program;
    this.config = config;
    this.position = asked.position();
    this.targets = asked.targets();
    int layers = config.layers();
    this.parts = new PtNDArray[layers];
    this.result =
        new InspectionResult.Attribution(
            new float[targets.length],
            new float[layers][config.heads()][targets.length],
            new float[layers][targets.length],
            new float[layers][targets.length],
            new float[targets.length]);
  }

  /** Retains what a block adds to the residual stream, given the stream before it. */
  void take(PtNDArray residual, int layer) {
    if (layer == 0) {
      embedding = program.tensor("row", IValue.from(residual), IValue.from(position));
    }
    parts[layer] =
        program.tensor("parts", IValue.from(residual), IValue.from(layer), IValue.from(position));
  }

  /** Plans the unembedding of the parts, to be done when the text has passed the last block. */
  void plan(SlicePlan plan, Supplier<PtNDArray> residual) {
    plan.unembedding(1, () -> attribute(embedding, residual.get(), result.embedding()));
    for (int layer = 0; layer < config.layers(); layer++) {
      int block = layer;
      plan.unembedding(config.heads() + 2, () -> attribute(block, residual.get()));
    }
    plan.unembedding(
        1,
        () ->
            program.read(
                "attribute_bias",
                floats -> floats.get(result.finalBias()),
                IValue.listFrom(TensorCalls.longs(targets))));
  }

  private void attribute(int layer, PtNDArray residual) {
    float[][] rows = new float[config.heads() + 2][];
    for (int head = 0; head < config.heads(); head++) {
      rows[head] = result.heads()[layer][head];
    }
    rows[config.heads()] = result.attentionBias()[layer];
    rows[config.heads() + 1] = result.mlp()[layer];
    attribute(parts[layer], residual, rows);
  }

  private void attribute(PtNDArray part, PtNDArray residual, float[]... rows) {
    program.read(
        "attribute",
        floats -> fill(rows, floats),
        IValue.from(part),
        IValue.from(residual),
        IValue.from(position),
        IValue.listFrom(TensorCalls.longs(targets)));
  }

  private static void fill(float[][] rows, FloatBuffer floats) {
    for (float[] row : rows) {
      floats.get(row);
    }
  }

  InspectionResult.Attribution result() {
    return result;
  }
}
