package io.github.gpt2server.constraint.token;

import io.github.gpt2server.sampling.ExcludedLogits;
import io.github.gpt2server.sampling.LogSum;
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

  /** Largest number of allowed tokens among 64 for which these are written again. */
  private static final int SPARSE = 8;

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
      ExcludedLogits.allBut(logits, few);
    } else {
      excludeByBits(logits);
    }
    for (int i = 0; i < exempt.length; i++) {
      logits.put(exempt[i], exempted[i]);
    }
  }

  private void excludeByBits(FloatBuffer logits) {
    int size = logits.limit();
    for (int word = 0; word << 6 < size; word++) {
      int first = word << 6;
      long excluded = ~bits[word];
      if (Long.bitCount(bits[word]) <= SPARSE) {
        excludeSparse(logits, first, Math.min(size, first + Long.SIZE), bits[word]);
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

  /** Writes a row's part in one go and then the few allowed logits again. */
  private static void excludeSparse(FloatBuffer logits, int from, int to, long allowed) {
    float[] own = new float[SPARSE];
    int count = 0;
    for (long rest = allowed; rest != 0; rest &= rest - 1) {
      own[count++] = logits.get(from + Long.numberOfTrailingZeros(rest));
    }
    ExcludedLogits.range(logits, from, to);
    count = 0;
    for (long rest = allowed; rest != 0; rest &= rest - 1) {
      logits.put(from + Long.numberOfTrailingZeros(rest), own[count++]);
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
    LogSum all = new LogSum();
    LogSum allowed = new LogSum();
    for (int token = 0; token < logits.limit(); token++) {
      all.add(logits.get(token));
      if (allows(token, also)) {
        allowed.add(logits.get(token));
      }
    }
    return Math.min(0, allowed.log() - all.log());
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
