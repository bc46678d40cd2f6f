package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** Excludes many tokens at once by writing negative infinity over their logits. */
public final class ExcludedLogits {
  private static final float[] EXCLUDED = new float[1024];

  static {
    Arrays.fill(EXCLUDED, Float.NEGATIVE_INFINITY);
  }

  private ExcludedLogits() {}

  /**
   * Excludes every token but some.
   *
   * @param logits {@code [vocab]}, edited in place
   * @param tokens the ids of the others, whose logits stay
   */
  public static void allBut(FloatBuffer logits, int[] tokens) {
    float[] own = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      own[i] = logits.get(tokens[i]);
    }
    range(logits, 0, logits.limit());
    for (int i = 0; i < tokens.length; i++) {
      logits.put(tokens[i], own[i]);
    }
  }

  /** Excludes the tokens from {@code from} up to but not including {@code to}. */
  public static void range(FloatBuffer logits, int from, int to) {
    for (int at = from; at < to; at += EXCLUDED.length) {
      logits.put(at, EXCLUDED, 0, Math.min(EXCLUDED.length, to - at));
    }
  }
}
