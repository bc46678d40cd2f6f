package io.github.gpt2server.model.checkpoint;

import java.util.Optional;

/** The number types in which weights may be stored, by their names in safetensors. */
public enum DataType {
  /** IEEE 754 binary64; rounded to what the model computes in when it is loaded. */
  F64(8, 7, 0x7ff0L << 48),
  /** IEEE 754 binary32. */
  F32(4, 6, 0x7f80_0000L),
  /** IEEE 754 binary16. */
  F16(2, 5, 0x7c00L),
  /** The upper half of a binary32: 8 bits of exponent, 7 of fraction. */
  BF16(2, 15, 0x7f80L);

  private final int bytes;
  private final int code;
  private final long exponent;

  DataType(int bytes, int code, long exponent) {
    this.bytes = bytes;
    this.code = code;
    this.exponent = exponent;
  }

  /** The size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** The number that TorchScript has for it. */
  public int code() {
    return code;
  }

  /** The bits of a number that are its exponent. */
  long exponent() {
    return exponent;
  }

  /** The type that a safetensors header names, if weights may be stored in it. */
  static Optional<DataType> ofHeaderName(String name) {
    for (DataType type : values()) {
      if (type.name().equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
