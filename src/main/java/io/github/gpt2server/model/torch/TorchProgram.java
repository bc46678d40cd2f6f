package io.github.gpt2server.model.torch;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtModel;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.github.gpt2server.model.checkpoint.TensorData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Map;

/**
 * A TorchScript module loaded into libtorch through DJL, and calls of its methods. Arguments are
 * closed after each call, since an {@link IValue} that is left open leaks native memory.
 */
final class TorchProgram implements AutoCloseable {
  // The strong reference matters: without it DJL's model is collected, and the module with it.
  private final Model model;
  private final PtSymbolBlock module;
  private final PtNDManager manager;

  private TorchProgram(Model model) {
    this.model = model;
    this.module = (PtSymbolBlock) model.getBlock();
    this.manager = (PtNDManager) model.getNDManager();
  }

  /**
   * Compiles a program.
   *
   * @param device where DJL places the module; the program itself places its tensors
   * @param source the program's text
   * @param settings the attributes that the program does not fill, see {@link
   *     TorchScriptArchive#pack}
   * @throws EngineException if libtorch refuses it, because an operator is unknown to it for
   *     instance
   */
  static TorchProgram load(Device device, ProgramSource source, Map<String, Object> settings) {
    Model model = Model.newInstance("gpt2", device, "PyTorch");
    try {
      byte[] archive = TorchScriptArchive.pack(source.text(), source.attributes(settings));
      ((PtModel) model).load(new ByteArrayInputStream(archive), false);
      // DJL makes a folder for each, puts nothing into it, and removes it if the process ends well.
      Files.deleteIfExists(model.getModelPath());
      return new TorchProgram(model);
    } catch (IOException | MalformedModelException e) {
      model.close();
      throw new IllegalStateException("the packed TorchScript program cannot be read", e);
    } catch (EngineException e) {
      model.close();
      throw e;
    }
  }

  /**
   * A scope for tensors, wherever they are; closing it frees them. What it makes itself, from the
   * bytes of a file, is in the host's memory, where Java can write to it.
   */
  PtNDManager scope() {
    return manager.newSubManager(Device.cpu());
  }

  /**
   * A tensor of a file, whose bytes must outlive the use of the result. What DJL can hand over is
   * not copied; bfloat16, which aborts the process in DJL, and numbers that do not lie where a
   * processor wants them are, for as long as the scope is open.
   */
  PtNDArray view(PtNDManager scope, TensorData tensor) {
    ByteBuffer data = tensor.data();
    int numberBytes = tensor.dtype().bytes();
    Shape count = new Shape(data.limit() / numberBytes);
    PtNDArray numbers;
    if (data.alignmentOffset(0, numberBytes) != 0) {
      numbers = numbers(scope, copy(scope, data), tensor.dtype());
    } else {
      numbers =
          switch (tensor.dtype()) {
            case F64 -> scope.create(data, count, DataType.FLOAT64);
            case F32 -> scope.create(data, count, DataType.FLOAT32);
            case F16 -> scope.create(data, count, DataType.FLOAT16);
            case BF16 -> numbers(scope, bytes(scope, data), tensor.dtype());
          };
    }
    return tensor(
        scope,
        "strided",
        IValue.from(numbers),
        IValue.listFrom(tensor.shape()),
        IValue.listFrom(tensor.strides()));
  }

  private PtNDArray numbers(
      PtNDManager scope, PtNDArray bytes, io.github.gpt2server.model.checkpoint.DataType type) {
    return tensor(scope, "numbers", IValue.from(bytes), IValue.from(type.code()));
  }

  private static PtNDArray bytes(PtNDManager scope, ByteBuffer data) {
    return scope.create(data, new Shape(data.limit()), DataType.UINT8);
  }

  private static PtNDArray copy(PtNDManager scope, ByteBuffer data) {
    PtNDArray copy = scope.create(new Shape(data.limit()), DataType.UINT8);
    copy.toByteBuffer(true).put(data);
    return copy;
  }

  /** Calls a method whose result is a tensor, which belongs to {@code scope}. */
  PtNDArray tensor(PtNDManager scope, String method, IValue... arguments) {
    try (IValue result = call(method, arguments)) {
      return result.toTensor(scope);
    }
  }

  /** Calls a method whose result is a number. */
  double number(String method, IValue... arguments) {
    try (IValue result = call(method, arguments)) {
      return result.toDouble();
    }
  }

  /** Calls a method whose result is true or false. */
  boolean flag(String method, IValue... arguments) {
    try (IValue result = call(method, arguments)) {
      return result.toBoolean();
    }
  }

  /** Calls a method whose result is a list of numbers. */
  double[] numbers(String method, IValue... arguments) {
    try (IValue result = call(method, arguments)) {
      return result.toDoubleArray();
    }
  }

  /** Calls a method without a result. */
  void run(String method, IValue... arguments) {
    call(method, arguments).close();
  }

  private IValue call(String method, IValue... arguments) {
    try {
      return IValueUtils.runMethod(module, method, arguments);
    } finally {
      for (IValue argument : arguments) {
        argument.close();
      }
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
