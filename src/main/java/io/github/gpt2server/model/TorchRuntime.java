package io.github.gpt2server.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.pytorch.jni.JniUtils;

/** libtorch as it is on this machine: devices and threads. The first call loads it. */
public final class TorchRuntime {
  private static boolean loaded;

  private TorchRuntime() {}

  /** Loads libtorch, if it is not loaded. */
  public static synchronized void load() {
    if (!loaded) {
      OpenMp.shortenSpin();
      Engine.getEngine("PyTorch");
      loaded = true;
    }
  }

  /** How many CUDA GPUs this libtorch can use; 0 for a CPU build, whatever the machine has. */
  public static int gpuCount() {
    load();
    Engine engine = Engine.getEngine("PyTorch");
    return engine.hasCapability(StandardCapabilities.CUDA) ? engine.getGpuCount() : 0;
  }

  /**
   * The libtorch name of a GPU.
   *
   * @throws ModelLoadException if there is no such GPU, or if this libtorch cannot use any
   */
  public static String gpu(int index) {
    int count = gpuCount();
    if (count == 0) {
      throw new ModelLoadException(
          "gpt2.device is cuda, but this libtorch finds no CUDA GPU: use gpt2.device=cpu, or a"
              + " libtorch built for CUDA");
    }
    if (index >= count) {
      throw new ModelLoadException(
          "gpt2.device is cuda:%d, but there are %d GPUs, cuda:0 to cuda:%d"
              .formatted(index, count, count - 1));
    }
    return "cuda:" + Device.gpu(index).getDeviceId();
  }

  /** Sets how many threads a step uses; the calling thread makes the steps. */
  public static void setThreads(int threads) {
    load();
    JniUtils.setNumThreads(threads);
  }
}
