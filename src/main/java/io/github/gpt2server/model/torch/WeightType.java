package io.github.gpt2server.model.torch;

/** The type of the blocks' weights in memory, and of the activations that meet them. */
public enum WeightType {
  /** 32 bits: the reference. */
  FLOAT32("float32", 6, 4),
  /** 16 bits with float32's range, for CPUs. */
  BFLOAT16("bfloat16", 15, 2),
  /** 16 bits, for GPUs. */
  FLOAT16("float16", 5, 2),
  /** 8 bits and scales, for CPUs; layers that 8 bits do not suit are in bfloat16. */
  INT8("int8", 1, 1);

  private final String label;
  private final int code;
  private final int bytes;

  WeightType(String label, int code, int bytes) {
    this.label = label;
    this.code = code;
    this.bytes = bytes;
  }

  /** The name that users write. */
  public String label() {
    return label;
  }

  /** The number that TorchScript has for it. */
  int code() {
    return code;
  }

  /** Bytes of one number. */
  public int bytes() {
    return bytes;
  }
}
