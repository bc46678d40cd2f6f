package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.util.List;

/** The operators that a program calls; the rest of its text is the same. */
public enum Kernels {
  /** This server's own in C, {@code src/main/c}; for CPUs. */
  C,
  /** libtorch's: for GPUs, and slower ones for CPUs. */
  LIBTORCH;

  /** The name that users see; for kernels in C that of the variant in use. */
  public String label() {
    return this == C ? KernelLibrary.load().orElseThrow().variant() : "libtorch";
  }

  /** The kernels that can be used on a device, best first. */
  static List<Kernels> of(TorchDevice device) {
    return device.isCpu() && CpuKernels.ready() ? List.of(C, LIBTORCH) : List.of(LIBTORCH);
  }
}
