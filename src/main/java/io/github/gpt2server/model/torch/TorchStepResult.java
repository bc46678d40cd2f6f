package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.StepResult;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Logits in libtorch's memory; on a GPU they come to the host only when a row is asked for. */
final class TorchStepResult implements StepResult {
  private final TorchProgram program;
  private final PtNDManager scope;
  private final PtNDArray logits;
  private final PtNDArray states;
  private final int vocabSize;
  private PtNDArray hostLogits;
  private FloatBuffer hostBuffer;
  private float[] hostStates;

  /**
   * @param logits {@code [rows, vocab]}
   * @param states {@code [rows, width]}, or null
   */
  TorchStepResult(
      TorchProgram program, PtNDManager scope, PtNDArray logits, PtNDArray states, int vocabSize) {
    this.program = program;
    this.scope = scope;
    this.logits = logits;
    this.states = states;
    this.vocabSize = vocabSize;
  }

  @Override
  public int[] argmax() {
    try (PtNDManager temporary = program.scope()) {
      PtNDArray tokens = program.tensor(temporary, "argmax", IValue.from(logits));
      return Arrays.stream(tokens.toLongArray()).mapToInt(Math::toIntExact).toArray();
    }
  }

  @Override
  public FloatBuffer logits(int row) {
    if (hostLogits == null) {
      hostLogits = program.tensor(scope, "to_host", IValue.from(logits));
      hostBuffer = floats(hostLogits);
    }
    return hostBuffer.slice(row * vocabSize, vocabSize);
  }

  @Override
  public float[] state(int row) {
    if (states == null) {
      throw new IllegalStateException("the plan requests no hidden states");
    }
    if (hostStates == null) {
      PtNDArray host = program.tensor(scope, "to_host", IValue.from(states));
      hostStates = new float[Math.toIntExact(host.size())];
      floats(host).get(hostStates);
    }
    int width = Math.toIntExact(states.getShape().get(1));
    return Arrays.copyOfRange(hostStates, row * width, (row + 1) * width);
  }

  @Override
  public float[] logSumExp(int[] rows, double[] temperatures) {
    try (PtNDManager temporary = program.scope()) {
      FloatBuffer sums =
          floats(
              program.tensor(
                  temporary,
                  "log_sum_exp",
                  IValue.from(logits),
                  IValue.listFrom(longs(rows)),
                  IValue.listFrom(temperatures)));
      float[] copy = new float[rows.length];
      sums.get(copy);
      return copy;
    }
  }

  @Override
  public float[][] score(int[] rows, int[] tokens, double[] temperatures) {
    try (PtNDManager temporary = program.scope()) {
      FloatBuffer all =
          floats(
              program.tensor(
                  temporary,
                  "score",
                  IValue.from(logits),
                  IValue.listFrom(longs(rows)),
                  IValue.listFrom(longs(tokens)),
                  IValue.listFrom(temperatures)));
      float[][] scores = new float[3][rows.length];
      for (float[] kind : scores) {
        all.get(kind);
      }
      return scores;
    }
  }

  @Override
  public FloatBuffer[] softmax(int[] rows, double[] temperatures) {
    // Edits are in the host's copy, where there is one; on a CPU that is the tensor itself.
    PtNDArray source = hostLogits == null ? logits : hostLogits;
    FloatBuffer all =
        floats(
            program.tensor(
                scope,
                "softmax",
                IValue.from(source),
                IValue.listFrom(longs(rows)),
                IValue.listFrom(temperatures)));
    FloatBuffer[] probabilities = new FloatBuffer[rows.length];
    for (int i = 0; i < rows.length; i++) {
      probabilities[i] = all.slice(i * vocabSize, vocabSize).asReadOnlyBuffer();
    }
    return probabilities;
  }

  private static FloatBuffer floats(PtNDArray tensor) {
    return tensor.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static long[] longs(int[] values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  @Override
  public void close() {
    scope.close();
  }
}
