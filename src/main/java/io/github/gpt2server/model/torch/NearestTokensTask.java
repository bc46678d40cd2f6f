package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.NonFiniteOutputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** One look at the whole token embedding, in one slice: a matrix times a vector. */
final class NearestTokensTask implements ModelTask<Map<Integer, Float>> {
  private final TorchProgram program;
  private final int[] positive;
  private final int[] negative;
  private final int count;
  private final Map<Integer, Float> nearest = new LinkedHashMap<>();

  NearestTokensTask(TorchProgram program, int[] positive, int[] negative, int count) {
    this.program = program;
    this.positive = positive;
    this.negative = negative;
    this.count = count;
  }

  @Override
  public boolean advance() {
    try (PtNDManager scope = program.scope()) {
      float[] found =
          program
              .tensor(scope, "nearest", list(positive), list(negative), IValue.from(count))
              .toFloatArray();
      int tokens = found.length / 2;
      for (int i = 0; i < tokens; i++) {
        float similarity = found[tokens + i];
        if (!Float.isFinite(similarity)) {
          throw new NonFiniteOutputException("the token embedding");
        }
        nearest.put((int) found[i], similarity);
      }
    }
    return false;
  }

  private static IValue list(int[] tokens) {
    return IValue.listFrom(Arrays.stream(tokens).asLongStream().toArray());
  }

  @Override
  public Map<Integer, Float> result() {
    return nearest;
  }

  @Override
  public void close() {}
}
