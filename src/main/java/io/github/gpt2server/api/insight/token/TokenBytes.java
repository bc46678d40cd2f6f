package io.github.gpt2server.api.insight.token;

/** A token's raw bytes as JSON numbers from 0 to 255. */
public final class TokenBytes {

  private TokenBytes() {}

  public static int[] unsigned(byte[] bytes) {
    int[] numbers = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      numbers[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return numbers;
  }
}
