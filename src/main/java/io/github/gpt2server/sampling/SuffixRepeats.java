package io.github.gpt2server.sampling;

/**
 * The earlier occurrences of the end of a text, found in linear time by the Z algorithm on the
 * reversed text (Gusfield 1997, "Algorithms on Strings, Trees and Sequences", section 1.3).
 */
final class SuffixRepeats {

  private SuffixRepeats() {}

  /**
   * The lengths of the repeats.
   *
   * @param tokens contains the text from {@code from} up to but not including {@code to}
   * @return at index k the number of tokens that the text without its last k tokens has in common
   *     with the text, counted from the end; 0 at index 0
   */
  static int[] of(int[] tokens, int from, int to) {
    int size = to - from;
    int last = to - 1;
    int[] lengths = new int[size];
    int left = 0;
    int right = 0;
    for (int k = 1; k < size; k++) {
      int length = k < right ? Math.min(lengths[k - left], right - k) : 0;
      while (k + length < size && tokens[last - length] == tokens[last - k - length]) {
        length++;
      }
      lengths[k] = length;
      if (k + length > right) {
        left = k;
        right = k + length;
      }
    }
    return lengths;
  }
}
