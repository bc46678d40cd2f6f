package io.github.gpt2server.sampling;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * Ranking of tokens by their logits: the largest logit first, the lower id first among equals, and
 * {@code -0} equal to {@code 0}. Each logit and its id become one {@code long} whose order is the
 * ranking, so that plain comparisons and sorts of longs rank them.
 */
public final class LogitRanking {
  /** The largest number of tokens that are selected by insertion into a sorted array. */
  private static final int FEW = 256;

  /** A heap is used for up to one token in this many; beyond, sorting everything is faster. */
  private static final int MANY_DIVISOR = 16;

  private LogitRanking() {}

  /**
   * The ids of the {@code count} largest logits in order of rank, or all if there are fewer.
   *
   * @param logits {@code [vocab]}, finite or infinite; only read
   */
  public static int[] likeliest(float[] logits, int count) {
    int size = Math.min(count, logits.length);
    if (size == 0) {
      return new int[0];
    }
    long[] keys;
    if (size <= FEW) {
      keys = byInsertion(logits, size);
    } else if (size <= logits.length / MANY_DIVISOR) {
      keys = byHeap(logits, size);
    } else {
      keys = bySorting(logits);
    }
    int[] ids = new int[size];
    for (int i = 0; i < size; i++) {
      ids[i] = id(keys[i]);
    }
    return ids;
  }

  /** Dismisses most tokens by one comparison of floats. */
  private static long[] byInsertion(float[] logits, int count) {
    long[] best = new long[count];
    for (int i = 0; i < count; i++) {
      best[i] = key(logits[i], i);
    }
    Arrays.sort(best);
    float least = logits[id(best[count - 1])];
    for (int i = count; i < logits.length; i++) {
      if (logits[i] > least) {
        long key = key(logits[i], i);
        int place = -Arrays.binarySearch(best, key) - 1;
        System.arraycopy(best, place, best, place + 1, count - 1 - place);
        best[place] = key;
        least = logits[id(best[count - 1])];
      }
    }
    return best;
  }

  private static long[] byHeap(float[] logits, int count) {
    PriorityQueue<Long> best = new PriorityQueue<>(count + 1, (a, b) -> Long.compare(b, a));
    for (int i = 0; i < logits.length; i++) {
      long key = key(logits[i], i);
      if (best.size() < count) {
        best.add(key);
      } else if (key < best.peek()) {
        best.poll();
        best.add(key);
      }
    }
    long[] keys = best.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(keys);
    return keys;
  }

  private static long[] bySorting(float[] logits) {
    long[] keys = new long[logits.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = key(logits[i], i);
    }
    Arrays.sort(keys);
    return keys;
  }

  /** A number that is smaller the earlier the token ranks; its lower half is the id. */
  private static long key(float logit, int id) {
    // Adding zero turns -0 into 0. The bits of floats sort as ints once negative ones are mirrored.
    int bits = Float.floatToIntBits(logit + 0f);
    int ascending = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    return ((long) ~ascending << Integer.SIZE) | id;
  }

  private static int id(long key) {
    return (int) key;
  }
}
