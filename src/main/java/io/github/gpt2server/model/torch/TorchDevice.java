package io.github.gpt2server.model.torch;

import ai.djl.Device;

/**
 * A device that a model computes on.
 *
 * @param gpu the number of a CUDA GPU, from 0; negative for the CPU
 */
public record TorchDevice(int gpu) {
  /** The CPU. */
  public static final TorchDevice CPU = new TorchDevice(-1);

  /** Returns whether this is the CPU. */
  public boolean isCpu() {
    return gpu < 0;
  }

  /** Returns DJL's name for it. */
  Device djl() {
    return isCpu() ? Device.cpu() : Device.gpu(gpu);
  }

  /** libtorch's name for it: {@code cpu} or {@code cuda:N}. */
  @Override
  public String toString() {
    return isCpu() ? "cpu" : "cuda:" + gpu;
  }
}
