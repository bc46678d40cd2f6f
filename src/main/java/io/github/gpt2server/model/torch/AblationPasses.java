package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Passes in which some heads put out zero. Up to the lowest block that lacks a head such a pass is
 * the unablated one, and begins with a copy of its residual stream; passes that begin at one block
 * lie end to end. What comes after the position asked for cannot change it and is left out.
 */
final class AblationPasses {

  /** Passes at once, so that their logits need little memory. */
  private static final int MOST_TEXTS = 64;

  private final TensorCalls program;
  private final Gpt2Config config;
  private final Inspection asked;
  private final int length;

  private PtNDArray texts;
  private float[] logits;
  private final float[][][] eachLogprobs;

  AblationPasses(TensorCalls program, Gpt2Config config, Inspection asked) {
    this.program = program;
    this.config = config;
    this.asked = asked;
    this.length = asked.position() + 1;
    this.eachLogprobs =
        asked.ablateEach()
            ? new float[asked.layers().size()][asked.heads().size()][asked.targets().length]
            : null;
  }

  /** Plans the passes that begin at a block, where {@code residual} is the stream before it. */
  void plan(SlicePlan plan, int layer, Supplier<PtNDArray> residual) {
    if (!asked.ablated().isEmpty() && asked.ablated().firstKey() == layer) {
      plan(plan, layer, List.of(asked.ablated()), residual);
      plan.unembedding(1, this::takeLogits);
    }
    int place = asked.layers().indexOf(layer);
    if (asked.ablateEach() && place >= 0) {
      int most = Math.max(1, Math.min(MOST_TEXTS, plan.rows() / length));
      List<Integer> heads = asked.heads();
      for (int first = 0; first < heads.size(); first += most) {
        int start = first;
        List<Integer> group = heads.subList(start, Math.min(heads.size(), start + most));
        List<Map<Integer, List<Integer>>> passes = new ArrayList<>();
        group.forEach(head -> passes.add(Map.of(layer, List.of(head))));
        plan(plan, layer, passes, residual);
        plan.unembedding(
            group.size(), () -> takeLogprobs(eachLogprobs[place], start, group.size()));
      }
    }
  }

  private void plan(
      SlicePlan plan,
      int from,
      List<? extends Map<Integer, List<Integer>>> passes,
      Supplier<PtNDArray> residual) {
    plan.brief(
        () ->
            texts =
                program.tensor(
                    "copies",
                    IValue.from(residual.get()),
                    IValue.from(length),
                    IValue.from(passes.size())));
    for (int layer = from; layer < config.layers(); layer++) {
      int block = layer;
      double[] keep = keep(block, passes);
      plan.block(length * passes.size(), () -> pass(block, keep));
    }
  }

  /** A factor for each head of each pass: 0 where it is ablated. */
  private double[] keep(int layer, List<? extends Map<Integer, List<Integer>>> passes) {
    double[] keep = new double[passes.size() * config.heads()];
    Arrays.fill(keep, 1);
    for (int pass = 0; pass < passes.size(); pass++) {
      for (int head : passes.get(pass).getOrDefault(layer, List.of())) {
        keep[pass * config.heads() + head] = 0;
      }
    }
    return keep;
  }

  private void pass(int layer, double[] keep) {
    replaceTexts(
        program.tensor(
            "ablated_block",
            IValue.from(texts),
            IValue.from(layer),
            IValue.from(length),
            IValue.listFrom(keep)));
  }

  private void takeLogits() {
    logits = program.floats("logits", IValue.from(texts), IValue.from(length - 1));
    replaceTexts(null);
  }

  private void takeLogprobs(float[][] byHead, int start, int count) {
    program.read(
        "last_logprobs",
        floats -> {
          for (int head = start; head < start + count; head++) {
            floats.get(byHead[head]);
          }
        },
        IValue.from(texts),
        IValue.from(length),
        IValue.listFrom(TensorCalls.longs(asked.targets())));
    replaceTexts(null);
  }

  private void replaceTexts(PtNDArray next) {
    texts.close();
    texts = next;
  }

  /** The logits without the named heads, {@code [vocab]}; null if none are named. */
  float[] logits() {
    return logits;
  }

  /** {@code [layers][heads][targets]}, or null if that was not asked for. */
  float[][][] eachLogprobs() {
    return eachLogprobs;
  }
}
