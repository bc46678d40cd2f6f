package io.github.gpt2server.model.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.pytorch.jni.JniUtils;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.FiniteCheck;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.platform.CpuFeatures;
import java.util.Map;

/** libtorch as it is on this machine: devices and threads. The first call loads it. */
public final class TorchRuntime {
  private static boolean loaded;

  private TorchRuntime() {}

  /**
   * Loads libtorch, if it is not loaded.
   *
   * @throws ModelLoadException if this processor cannot run it
   */
  public static synchronized void load() {
    if (!loaded) {
      requireAtomics(CpuFeatures.ofThisMachine());
      NativeEnvironment.prepare();
      LibtorchFolder.nameFlavor();
      Engine.getEngine("PyTorch");
      loaded = true;
    }
  }

  /** Refuses a processor on which DJL's library would end the process by SIGILL. */
  static void requireAtomics(CpuFeatures features) {
    if (features.lacksAtomics()) {
      throw new ModelLoadException(
          "this ARM processor has no atomic instructions (\"atomics\" in /proc/cpuinfo), which"
              + " libtorch's library for Java needs: use a processor of ARMv8.1 or later");
    }
  }

  /**
   * Number of CUDA GPUs that this libtorch can use; 0 for a CPU build, whatever the machine has.
   * DJL's own count needs CUDA's runtime library on the library path, and libtorch brings its copy
   * under another name; libtorch is therefore asked itself.
   */
  public static int gpuCount() {
    load();
    if (!Engine.getEngine("PyTorch").hasCapability(StandardCapabilities.CUDA)) {
      return 0;
    }
    try (TorchProgram program =
        TorchProgram.load(Device.cpu(), ProgramSource.GPU_COUNT, Map.of())) {
      return (int) program.number("gpu_count");
    }
  }

  /**
   * A GPU, which is there.
   *
   * @throws ModelLoadException if there is no such GPU, or if this libtorch cannot use any
   */
  public static TorchDevice gpu(int index) {
    int count = gpuCount();
    if (count == 0) {
      throw new ModelLoadException(
          "gpt2.device is cuda, but this libtorch finds no CUDA GPU: use gpt2.device=cpu, or set"
              + " PYTORCH_LIBRARY_PATH to a libtorch built for CUDA");
    }
    if (index >= count) {
      throw new ModelLoadException(
          count == 1
              ? "gpt2.device is cuda:%d, but there is one GPU, cuda:0".formatted(index)
              : "gpt2.device is cuda:%d, but there are %d GPUs, cuda:0 to cuda:%d"
                  .formatted(index, count, count - 1));
    }
    return new TorchDevice(index);
  }

  /**
   * Chooses the kernels of a CPU, for the models that are loaded from now on.
   *
   * @throws ModelLoadException if this machine cannot run those that are asked for by name
   */
  public static void useKernels(KernelChoice choice) {
    CpuKernels.use(choice);
  }

  /** Looks for numbers that are not finite by the kernels in C, where there are any. */
  public static FiniteCheck finiteCheck(TorchDevice device) {
    return device.isCpu() ? CpuKernels::allFinite : FiniteCheck.UNKNOWN;
  }

  /** Sets how many threads a step uses; the calling thread makes the steps. */
  public static void setThreads(int threads) {
    load();
    JniUtils.setNumThreads(threads);
    CpuKernels.setThreads(threads);
  }
}
