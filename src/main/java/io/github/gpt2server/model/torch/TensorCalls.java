package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/** A task's calls of the program. The tensors that it retains are freed when this is closed. */
final class TensorCalls implements AutoCloseable {
  private final TorchProgram program;
  private final PtNDManager scope;

  TensorCalls(TorchProgram program) {
    this.program = program;
    this.scope = program.scope();
  }

  /** Calls a method and retains the tensor that it gives. */
  PtNDArray tensor(String method, IValue... arguments) {
    return program.tensor(scope, method, arguments);
  }

  /** Calls a method and reads the float32 numbers that it gives, row by row. */
  void read(String method, Consumer<FloatBuffer> reader, IValue... arguments) {
    try (PtNDManager temporary = program.scope()) {
      reader.accept(
          program
              .tensor(temporary, method, arguments)
              .toByteBuffer(true)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer());
    }
  }

  /** Calls a method and copies the float32 numbers that it gives. */
  float[] floats(String method, IValue... arguments) {
    float[][] copy = new float[1][];
    read(
        method,
        floats -> {
          copy[0] = new float[floats.remaining()];
          floats.get(copy[0]);
        },
        arguments);
    return copy[0];
  }

  static long[] longs(int... values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  @Override
  public void close() {
    scope.close();
  }
}
