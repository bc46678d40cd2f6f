package io.github.gpt2server.tokenizer;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The tokens that a tokenizer puts before and after a text.
 *
 * @param before ids before a text
 * @param after ids after it
 */
record Surroundings(int[] before, int[] after) {
  static final Surroundings NONE = new Surroundings(new int[0], new int[0]);

  /**
   * A text's tokens with these around them.
   *
   * @param end the text's length in code points
   */
  TokenizedText around(int[] ids, int[] offsets, int end) {
    return new TokenizedText(
        concat(before, ids, after),
        concat(
            new int[before.length],
            offsets,
            IntStream.generate(() -> end).limit(after.length).toArray()));
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }
}
