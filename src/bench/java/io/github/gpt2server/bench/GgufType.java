package io.github.gpt2server.bench;

import ai.djl.util.Float16Utils;
import java.nio.ByteBuffer;

/** How GGUF stores the numbers of a matrix. */
enum GgufType {
  /** 32 bits. */
  F32(0, 0),
  /** 16 bits, IEEE's. */
  F16(1, 1),
  /** Blocks of 32: a scale in 16 bits, then 32 numbers in 8 bits. */
  Q8_0(8, 7);

  /** Numbers that share a scale in {@link #Q8_0}. */
  static final int BLOCK = 32;

  private static final int LARGEST = 127;

  private final int code;
  private final int fileCode;

  GgufType(int code, int fileCode) {
    this.code = code;
    this.fileCode = fileCode;
  }

  /** The number that a tensor's entry has for it. */
  int code() {
    return code;
  }

  /** The number that {@code general.file_type} has for a file mostly of this type. */
  int fileCode() {
    return fileCode;
  }

  /** The number of bytes that numbers take; they fill whole blocks. */
  long bytes(long elements) {
    return switch (this) {
      case F32 -> elements * Float.BYTES;
      case F16 -> elements * Short.BYTES;
      case Q8_0 -> elements / BLOCK * (Short.BYTES + BLOCK);
    };
  }

  /** Adds a row of numbers to a little-endian buffer. */
  void encode(float[] row, ByteBuffer out) {
    switch (this) {
      case F32 -> {
        for (float value : row) {
          out.putFloat(value);
        }
      }
      case F16 -> {
        for (float value : row) {
          out.putShort(Float16Utils.floatToHalf(value));
        }
      }
      case Q8_0 -> {
        for (int start = 0; start < row.length; start += BLOCK) {
          encodeBlock(row, start, out);
        }
      }
    }
  }

  private static void encodeBlock(float[] row, int start, ByteBuffer out) {
    float largest = 0;
    for (int i = start; i < start + BLOCK; i++) {
      largest = Math.max(largest, Math.abs(row[i]));
    }
    float scale = largest / LARGEST;
    out.putShort(Float16Utils.floatToHalf(scale));
    for (int i = start; i < start + BLOCK; i++) {
      // The scale is rounded after the division, as ggml's own quantisation does.
      float quotient = scale == 0 ? 0 : row[i] / scale;
      out.put((byte) Math.copySign(Math.round(Math.abs(quotient)), quotient));
    }
  }
}
