package io.github.gpt2server.constraint.token;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A set of allowed tokens: a list of few, or a bit for each. Immutable.
 *
 * @param few the tokens in order of id, or null
 * @param bits a bit for each token, or null
 */
record TokenMask(int[] few, long[] bits) {
  private static final int FEW = 64;
  private static final float[] EXCLUDED = new float[1024];

  static {
    Arrays.fill(EXCLUDED, Float.NEGATIVE_INFINITY);
  }

  static TokenMask of(long[] bits) {
    int count = Arrays.stream(bits).mapToInt(Long::bitCount).sum();
    if (count > FEW) {
      return new TokenMask(null, bits);
    }
    int[] few = new int[count];
    int next = 0;
    for (int word = 0; word < bits.length; word++) {
      for (long rest = bits[word]; rest != 0; rest &= rest - 1) {
        few[next++] = (word << 6) + Long.numberOfTrailingZeros(rest);
      }
    }
    return new TokenMask(few, null);
  }

  boolean contains(int token) {
    return bits == null
        ? Arrays.binarySearch(few, token) >= 0
        : (bits[token >> 6] >> token & 1) != 0;
  }

  /** Number of allowed tokens. */
  int count() {
    return bits == null ? few.length : Arrays.stream(bits).mapToInt(Long::bitCount).sum();
  }

  /** Approximate memory, in bytes. */
  long bytes() {
    return 100 + (bits == null ? 4L * few.length : 8L * bits.length);
  }

  /**
   * Sets the logits of all other tokens to negative infinity.
   *
   * @param logits {@code [vocab]}, edited in place
   * @param exempt tokens that are left as they are
   */
  void exclude(FloatBuffer logits, int[] exempt) {
    float[] exempted = new float[exempt.length];
    for (int i = 0; i < exempt.length; i++) {
      exempted[i] = logits.get(exempt[i]);
    }
    if (bits == null) {
      excludeAllButFew(logits);
    } else {
      excludeByBits(logits);
    }
    for (int i = 0; i < exempt.length; i++) {
      logits.put(exempt[i], exempted[i]);
    }
  }

  private void excludeAllButFew(FloatBuffer logits) {
    float[] allowed = new float[few.length];
    for (int i = 0; i < few.length; i++) {
      allowed[i] = logits.get(few[i]);
    }
    fill(logits, 0, logits.limit());
    for (int i = 0; i < few.length; i++) {
      logits.put(few[i], allowed[i]);
    }
  }

  private void excludeByBits(FloatBuffer logits) {
    int size = logits.limit();
    for (int word = 0; word << 6 < size; word++) {
      int first = word << 6;
      long excluded = ~bits[word];
      if (excluded == -1) {
        fill(logits, first, Math.min(size, first + Long.SIZE));
        continue;
      }
      for (; excluded != 0; excluded &= excluded - 1) {
        int token = first + Long.numberOfTrailingZeros(excluded);
        if (token < size) {
          logits.put(token, Float.NEGATIVE_INFINITY);
        }
      }
    }
  }

  private static void fill(FloatBuffer logits, int from, int to) {
    for (int at = from; at < to; at += EXCLUDED.length) {
      logits.put(at, EXCLUDED, 0, Math.min(EXCLUDED.length, to - at));
    }
  }

  /**
   * The logarithm of the share that the allowed tokens have of the probability.
   *
   * @param logits {@code [vocab]} unedited logits
   * @param also further tokens that are allowed
   * @return in nats, at most 0
   */
  double logMass(FloatBuffer logits, int[] also) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int token = 0; token < logits.limit(); token++) {
      largest = Math.max(largest, logits.get(token));
    }
    double all = 0;
    double allowed = 0;
    for (int token = 0; token < logits.limit(); token++) {
      double weight = Math.exp(logits.get(token) - largest);
      all += weight;
      if (allows(token, also)) {
        allowed += weight;
      }
    }
    return Math.min(0, Math.log(allowed / all));
  }

  private boolean allows(int token, int[] also) {
    if (token >> 6 < words() && contains(token)) {
      return true;
    }
    for (int each : also) {
      if (each == token) {
        return true;
      }
    }
    return false;
  }

  private int words() {
    return bits == null ? Integer.MAX_VALUE : bits.length;
  }
}
