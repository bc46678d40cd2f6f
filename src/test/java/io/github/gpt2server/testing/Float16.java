package io.github.gpt2server.testing;

/** IEEE 754 binary16, for zero and for normal numbers that it holds exactly. */
public final class Float16 {
  private static final int EXPONENT_BIAS_DIFFERENCE = 127 - 15;

  private Float16() {}

  public static short encode(float value) {
    int bits = Float.floatToIntBits(value);
    int magnitude = bits & 0x7fffffff;
    int half = magnitude == 0 ? 0 : (magnitude >>> 13) - (EXPONENT_BIAS_DIFFERENCE << 10);
    return (short) ((bits >>> 16 & 0x8000) | half);
  }

  public static float decode(short half) {
    int magnitude = half & 0x7fff;
    int bits = magnitude == 0 ? 0 : (magnitude + (EXPONENT_BIAS_DIFFERENCE << 10)) << 13;
    return Float.intBitsToFloat(((half & 0x8000) << 16) | bits);
  }
}
