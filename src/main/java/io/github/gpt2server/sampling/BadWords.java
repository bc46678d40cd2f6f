package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * Excludes the last token of each forbidden token sequence wherever the tokens generated before it
 * are the rest of the sequence, as vLLM's {@code bad_words} does. The prompt does not count.
 *
 * @param sequences the forbidden sequences, none of them empty
 */
record BadWords(List<int[]> sequences) implements LogitsProcessor {

  @Override
  public boolean edits(TokenHistory history) {
    return sequences.stream().anyMatch(sequence -> precedes(sequence, history));
  }

  @Override
  public void process(FloatBuffer logits, TokenHistory history) {
    for (int[] sequence : sequences) {
      if (precedes(sequence, history)) {
        logits.put(sequence[sequence.length - 1], Float.NEGATIVE_INFINITY);
      }
    }
  }

  /** Returns whether the generated tokens end with all of a sequence but its last token. */
  private static boolean precedes(int[] sequence, TokenHistory history) {
    int before = sequence.length - 1;
    if (before > history.generatedTokens()) {
      return false;
    }
    int start = history.length() - before;
    for (int i = 0; i < before; i++) {
      if (history.tokens()[start + i] != sequence[i]) {
        return false;
      }
    }
    return true;
  }
}
