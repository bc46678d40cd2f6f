package io.github.gpt2server.constraint.automaton;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The UTF-8 forms of sets of code points, as sequences of ranges of bytes. Ranges are split until
 * their first and last code point differ in trailing bytes alone, which then run through all their
 * values (Russ Cox, "Regular Expression Matching in the Wild", 2010). Unlike Lucene's UTF32ToUTF8,
 * it makes no overlong forms.
 */
final class Utf8Ranges {
  private static final int[] LAST_BY_LENGTH = {0x7f, 0x7ff, 0xffff};
  private static final int BITS = 6;

  private final List<Fragment> sequences = new ArrayList<>();

  private Utf8Ranges() {}

  /**
   * One character of a set.
   *
   * @param characters code points without surrogates
   */
  static Fragment of(BitSet characters) {
    Utf8Ranges ranges = new Utf8Ranges();
    int low = characters.nextSetBit(0);
    while (low >= 0) {
      int end = characters.nextClearBit(low);
      ranges.add(low, end - 1);
      low = characters.nextSetBit(end);
    }
    return Fragment.alternatives(ranges.sequences);
  }

  private void add(int low, int high) {
    for (int last : LAST_BY_LENGTH) {
      if (low <= last && last < high) {
        split(low, last, high);
        return;
      }
    }
    int trailing = bytes(low).length - 1;
    for (int i = 1; i <= trailing; i++) {
      int mask = (1 << (BITS * i)) - 1;
      if ((low & ~mask) != (high & ~mask)) {
        if ((low & mask) != 0) {
          split(low, low | mask, high);
          return;
        }
        if ((high & mask) != mask) {
          split(low, (high & ~mask) - 1, high);
          return;
        }
      }
    }
    byte[] first = bytes(low);
    byte[] last = bytes(high);
    List<Fragment> sequence = new ArrayList<>();
    for (int i = 0; i < first.length; i++) {
      sequence.add(Fragment.range(first[i] & 0xff, last[i] & 0xff));
    }
    sequences.add(Fragment.sequence(sequence));
  }

  private void split(int low, int last, int high) {
    add(low, last);
    add(last + 1, high);
  }

  private static byte[] bytes(int codePoint) {
    return Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
  }
}
