package io.github.gpt2server.model;

import java.util.Optional;

/** The number types in which weights may be stored, by their names in safetensors. */
public enum DataType {
  /** IEEE 754 binary32. */
  F32(4, 6),
  /** IEEE 754 binary16. */
  F16(2, 5),
  /** The upper half of a binary32: 8 bits of exponent, 7 of fraction. */
  BF16(2, 15);

  private final int bytes;
  private final int code;

  DataType(int bytes, int code) {
    this.bytes = bytes;
    this.code = code;
  }

  /** The size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** The number that TorchScript has for it. */
  int code() {
    return code;
  }

  /** The type that a safetensors header names, if weights may be stored in it. */
  static Optional<DataType> ofHeaderName(String name) {
    for (final DataType type : values()) {
      if (type.name().equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
