package io.github.gpt2server.tokenizer;

import java.util.Arrays;

/** A list of numbers that grows, four to six bytes for each. */
final class IntList {
  private int[] numbers;
  private int size;

  IntList(int capacity) {
    numbers = new int[Math.max(8, capacity)];
  }

  /** Adds the first of some numbers. */
  void add(int[] more, int count) {
    if (numbers.length - size < count) {
      numbers = Arrays.copyOf(numbers, Math.max(size + count, size + size / 2));
    }
    System.arraycopy(more, 0, numbers, size, count);
    size += count;
  }

  int[] toArray() {
    return size == numbers.length ? numbers : Arrays.copyOf(numbers, size);
  }
}
