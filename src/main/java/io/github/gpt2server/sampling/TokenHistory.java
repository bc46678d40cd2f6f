package io.github.gpt2server.sampling;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The tokens of one sequence, prompt included: all in order, and the distinct ones in order of
 * first appearance with the number of times that each was generated.
 */
final class TokenHistory {

  private final Map<Integer, Integer> positions = new HashMap<>();
  private int[] tokens;
  private int[] timesGenerated;
  private int distinct;

  /** Number of distinct tokens of the prompt. */
  private final int promptDistinct;

  private int generated;
  private int[] sequence;
  private int length;

  TokenHistory(int[] prompt) {
    tokens = new int[prompt.length + 16];
    timesGenerated = new int[tokens.length];
    sequence = Arrays.copyOf(prompt, prompt.length + 16);
    length = prompt.length;
    for (int token : prompt) {
      positionOf(token);
    }
    promptDistinct = distinct;
  }

  /** Appends a generated token. */
  void add(int token) {
    if (length == sequence.length) {
      sequence = Arrays.copyOf(sequence, 2 * length);
    }
    sequence[length++] = token;
    // Before the array is read, because positionOf may replace it.
    int position = positionOf(token);
    timesGenerated[position]++;
    generated++;
  }

  /** Takes the last generated token back. */
  void removeLast() {
    int token = sequence[--length];
    int position = positions.get(token);
    timesGenerated[position]--;
    generated--;
    if (position >= promptDistinct && timesGenerated[position] == 0) {
      // It appeared last of all distinct tokens, because what followed has been taken back.
      positions.remove(token);
      distinct--;
    }
  }

  /** Number of tokens of prompt and output. */
  int length() {
    return length;
  }

  /** The tokens of prompt and output, the first {@link #length} of the array; not to be changed. */
  int[] tokens() {
    return sequence;
  }

  /** Number of distinct tokens of prompt and output. */
  int distinctTokens() {
    return distinct;
  }

  /** The {@code i}-th distinct token of prompt and output. */
  int token(int i) {
    return tokens[i];
  }

  /** The distinct tokens among the last {@code count} of prompt and output; all if 0. */
  int[] recent(int count) {
    return count == 0
        ? Arrays.copyOf(tokens, distinct)
        : Arrays.stream(sequence, Math.max(0, length - count), length).distinct().toArray();
  }

  /** Number of times that the {@code i}-th distinct token was generated, without the prompt. */
  int timesGenerated(int i) {
    return timesGenerated[i];
  }

  /** Number of generated tokens, repetitions included. */
  int generatedTokens() {
    return generated;
  }

  private int positionOf(int token) {
    Integer known = positions.putIfAbsent(token, distinct);
    if (known != null) {
      return known;
    }
    if (distinct == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * distinct);
      timesGenerated = Arrays.copyOf(timesGenerated, 2 * distinct);
    }
    tokens[distinct] = token;
    return distinct++;
  }
}
