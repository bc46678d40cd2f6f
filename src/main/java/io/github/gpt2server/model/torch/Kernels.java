package io.github.gpt2server.model.torch;

import java.util.List;

/** The operators that a program's linear layers call; the rest of its text is the same. */
public enum Kernels {
  /** oneDNN's and fbgemm's, over weights that are laid out for them once; for CPUs. */
  ONEDNN("onednn"),
  /** libtorch's plain operators: for GPUs, and slower ones for CPUs. */
  LIBTORCH("libtorch");

  private final String label;

  Kernels(String label) {
    this.label = label;
  }

  /** The name that users see. */
  public String label() {
    return label;
  }

  /** The kernels that can be used on a device, best first. */
  static List<Kernels> of(TorchDevice device) {
    return device.isCpu() ? List.of(ONEDNN, LIBTORCH) : List.of(LIBTORCH);
  }
}
