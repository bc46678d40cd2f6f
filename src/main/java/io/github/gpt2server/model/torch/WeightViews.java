package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors of a model's files as the program reads them in one call. It copies what it retains, so
 * that closing frees them, and the memory that their pages took.
 */
final class WeightViews implements AutoCloseable {
  private final TorchProgram program;
  private final Weights weights;
  private final PtNDManager scope;
  private final List<TensorData> tensors = new ArrayList<>();

  WeightViews(TorchProgram program, Weights weights) {
    this.program = program;
    this.weights = weights;
    this.scope = program.scope();
  }

  /** The tensor of a name in the checkpoint. */
  IValue of(String name) {
    TensorData tensor = weights.get(name);
    tensors.add(tensor);
    return IValue.from(program.view(scope, tensor));
  }

  @Override
  public void close() {
    scope.close();
    tensors.forEach(weights::release);
  }
}
