package io.github.gpt2server.model.torch;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The operators that a program's linear layers call; the rest of its text is the same. */
public enum Kernels {
  /** oneDNN's and fbgemm's, over weights that are laid out for them once; for CPUs. */
  ONEDNN("onednn", "linear_packed.py", "int8_packed.py"),
  /** libtorch's plain operators: for GPUs, and slower ones for CPUs. */
  LIBTORCH("libtorch", "linear_plain.py", "int8_plain.py");

  private final String label;
  private final String linear;
  private final String int8;

  Kernels(String label, String linear, String int8) {
    this.label = label;
    this.linear = linear;
    this.int8 = int8;
  }

  /** The name that users see. */
  public String label() {
    return label;
  }

  /** Those that can be used on a device, best first. */
  static List<Kernels> of(String device) {
    return device.equals("cpu") ? List.of(ONEDNN, LIBTORCH) : List.of(LIBTORCH);
  }

  /** The program's text with these operators. */
  String program(String device) {
    String attention = device.equals("cpu") ? "attention_blocks.py" : "attention_rows.py";
    String model =
        Stream.of("gpt2.py", attention, "int8.py", int8, "insight.py", "self_check.py")
            .map(TorchProgram::resource)
            .collect(Collectors.joining("\n"));
    return TorchProgram.resource(linear) + "\n\n" + model;
  }
}
