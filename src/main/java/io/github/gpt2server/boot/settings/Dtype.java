package io.github.gpt2server.boot.settings;

import java.util.Locale;

/** The type of the weights in memory, as {@code gpt2.dtype} says it. */
public enum Dtype {
  /** The type that the server chooses to suit the device. */
  AUTO,
  /** 32 bits, IEEE 754 single precision. */
  FLOAT32,
  /** 16 bits with the exponent of float32. */
  BFLOAT16,
  /** 16 bits, IEEE 754 half precision. */
  FLOAT16,
  /** 8 bits with a scale for each output channel and each row of activations. */
  INT8;

  /** The allowed values, for messages. */
  public static final String ALLOWED = "auto, float32, bfloat16, float16 or int8";

  /** The form that the setting has, in small letters. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
