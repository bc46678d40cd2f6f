package io.github.gpt2server.sampling;

import java.util.Arrays;

/**
 * Weighted radix selection: finds the shortest head of a ranking whose weights reach a target,
 * without sorting, in linear time for every input. A histogram of the weights by the most
 * significant digit of the scores shows the digit in which the cut lies; only the entries with that
 * digit are examined by the next one.
 *
 * <p>The bits of non-negative floats, read as an int, have the order of the floats; their 31 bits
 * make digits of 11, 10 and 10 bits. Equal scores rank by index.
 */
final class RadixSelect {

  /** Ranks the largest score first. */
  static final int LARGEST_FIRST = Integer.MAX_VALUE;

  /** Ranks the smallest score first. */
  static final int SMALLEST_FIRST = 0;

  private static final int FIRST_SHIFT = 20;
  private static final int NEXT_BITS = 10;
  private static final int NEXT_MASK = (1 << NEXT_BITS) - 1;

  private final double[] histogram = new double[1 << (Integer.SIZE - 1 - FIRST_SHIFT)];
  private int[] members = {};
  private double passed;

  /**
   * The key of an entry; smaller keys rank first.
   *
   * @param score not negative
   * @param order {@link #LARGEST_FIRST} or {@link #SMALLEST_FIRST}
   */
  static long key(float score, int order, int index) {
    return ((long) rank(score, order) << Integer.SIZE) | index;
  }

  /**
   * The key of the last entry of the shortest head of the ranking whose weights sum to at least
   * {@code target}: at least one entry of positive weight, and the last such entry if all of them
   * together do not reach the target.
   *
   * @param scores {@code [size]}, not negative
   * @param order {@link #LARGEST_FIRST} or {@link #SMALLEST_FIRST}
   * @param weights {@code [size]}, not negative and not all 0; null for a weight of 1 each
   */
  long select(float[] scores, int order, float[] weights, int size, double target) {
    if (members.length < size) {
      members = new int[size];
    }
    passed = 0;
    Arrays.fill(histogram, 0);
    if (weights == null) {
      for (int i = 0; i < size; i++) {
        histogram[rank(scores[i], order) >>> FIRST_SHIFT]++;
      }
    } else {
      for (int i = 0; i < size; i++) {
        histogram[rank(scores[i], order) >>> FIRST_SHIFT] += weights[i];
      }
    }
    int digit = digitReaching(target);
    int count = 0;
    for (int i = 0; i < size; i++) {
      if (rank(scores[i], order) >>> FIRST_SHIFT == digit) {
        members[count++] = i;
      }
    }
    for (int shift = FIRST_SHIFT - NEXT_BITS; shift >= 0; shift -= NEXT_BITS) {
      count = narrow(scores, order, weights, count, shift, target);
    }
    int last = 0;
    while (last < count - 1 && passed + weight(weights, members[last]) < target) {
      passed += weight(weights, members[last]);
      last++;
    }
    return key(scores[members[last]], order, members[last]);
  }

  /** Keeps the members whose digit at {@code shift} contains the cut; returns their number. */
  private int narrow(
      float[] scores, int order, float[] weights, int count, int shift, double target) {
    Arrays.fill(histogram, 0);
    for (int j = 0; j < count; j++) {
      int i = members[j];
      histogram[(rank(scores[i], order) >>> shift) & NEXT_MASK] += weight(weights, i);
    }
    int digit = digitReaching(target);
    int retained = 0;
    for (int j = 0; j < count; j++) {
      int i = members[j];
      if (((rank(scores[i], order) >>> shift) & NEXT_MASK) == digit) {
        members[retained++] = i;
      }
    }
    return retained;
  }

  /** The digit at which the weights reach the target; adds those before it to {@link #passed}. */
  private int digitReaching(double target) {
    int digit = -1;
    double before = passed;
    double reached = passed;
    for (int d = 0; d < histogram.length; d++) {
      if (histogram[d] > 0) {
        digit = d;
        before = reached;
        reached += histogram[d];
        if (reached >= target) {
          break;
        }
      }
    }
    passed = before;
    return digit;
  }

  private static int rank(float score, int order) {
    return Float.floatToRawIntBits(score) ^ order;
  }

  private static float weight(float[] weights, int i) {
    return weights == null ? 1 : weights[i];
  }
}
