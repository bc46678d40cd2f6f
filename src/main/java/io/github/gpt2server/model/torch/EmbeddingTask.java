package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.model.Pooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * Texts on their way through the blocks. Several short ones lie end to end and share the matrix
 * products; where one ends does not touch the bits of the next. Only one such pack is in libtorch's
 * memory at a time.
 */
final class EmbeddingTask implements ModelTask<List<float[][]>> {
  /** Number of tokens up to which texts share a pack; a longer text has one to itself. */
  private static final int PACK_TOKENS = 256;

  private final TorchProgram program;
  private final EmbeddingPlan plan;
  private final long sliceWork;
  private final List<float[][]> vectors;

  private Pack pack;

  /** A few texts after some blocks: {@code hidden} is {@code [tokens, width]}. */
  private record Pack(PtNDManager scope, PtNDArray hidden, int blocks, long[] lengths) {}

  /**
   * @param sliceWork how many tokens pass a block in a slice, about
   */
  EmbeddingTask(TorchProgram program, EmbeddingPlan plan, long sliceWork) {
    this.program = program;
    this.plan = plan;
    this.sliceWork = sliceWork;
    this.vectors = new ArrayList<>(plan.texts().size());
  }

  @Override
  public boolean advance() {
    long work = 0;
    long tokens;
    boolean more;
    do {
      if (pack == null) {
        pack = embed(nextTexts());
      }
      tokens = LongStream.of(pack.lengths).sum();
      if (pack.blocks < plan.blocks()) {
        replace(block(pack));
      }
      if (pack.blocks == plan.blocks()) {
        finish();
      }
      work += tokens;
      more = vectors.size() < plan.texts().size();
    } while (more && work + tokens <= sliceWork);
    return more;
  }

  private List<int[]> nextTexts() {
    int first = vectors.size();
    int end = first;
    int tokens = 0;
    do {
      tokens += plan.texts().get(end).length;
      end++;
    } while (end < plan.texts().size() && tokens + plan.texts().get(end).length <= PACK_TOKENS);
    return plan.texts().subList(first, end);
  }

  private Pack embed(List<int[]> texts) {
    long[] lengths = texts.stream().mapToLong(text -> text.length).toArray();
    long[] tokens = texts.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
    long[] positions =
        texts.stream().flatMapToLong(text -> LongStream.range(0, text.length)).toArray();
    PtNDManager scope = program.scope();
    try {
      PtNDArray hidden =
          program.tensor(scope, "embed_texts", IValue.listFrom(tokens), IValue.listFrom(positions));
      return new Pack(scope, hidden, 0, lengths);
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  private Pack block(Pack before) {
    PtNDManager scope = program.scope();
    try {
      PtNDArray hidden =
          program.tensor(
              scope,
              "block",
              IValue.from(before.hidden),
              IValue.from(before.blocks),
              IValue.listFrom(before.lengths));
      return new Pack(scope, hidden, before.blocks + 1, before.lengths);
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** Reads the pack's vectors and frees it. */
  private void finish() {
    PtNDArray hidden = pack.hidden;
    if (plan.finalNorm()) {
      hidden = program.tensor(pack.scope, "final_norm", IValue.from(hidden));
    }
    PtNDArray pooled =
        program.tensor(
            pack.scope,
            "pool",
            IValue.from(hidden),
            IValue.listFrom(pack.lengths),
            IValue.from(plan.pooling().name().toLowerCase(Locale.ROOT)));
    float[] values = pooled.toFloatArray();
    int width = (int) pooled.getShape().get(1);
    int next = 0;
    for (long length : pack.lengths) {
      float[][] own = new float[plan.pooling() == Pooling.NONE ? (int) length : 1][width];
      for (float[] vector : own) {
        System.arraycopy(values, next, vector, 0, width);
        check(vector);
        next += width;
      }
      vectors.add(own);
    }
    replace(null);
  }

  /** Rejects NaN and infinities; scales to length 1 if the plan says so. */
  private void check(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    if (!Double.isFinite(squares)) {
      throw new NonFiniteOutputException("the vector of text " + vectors.size());
    }
    // A vector of zeros has no direction and stays as it is.
    if (plan.normalize() && squares > 0) {
      double norm = Math.sqrt(squares);
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / norm);
      }
    }
  }

  private void replace(Pack next) {
    if (pack != null) {
      pack.scope.close();
    }
    pack = next;
  }

  @Override
  public List<float[][]> result() {
    return vectors;
  }

  @Override
  public void close() {
    replace(null);
  }
}
