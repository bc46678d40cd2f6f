package io.github.gpt2server.sampling;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The distinct tokens of one sequence, in order of appearance, and how often each was generated.
 */
final class TokenHistory {

  private final Map<Integer, Integer> positions = new HashMap<>();
  private int[] tokens;
  private int[] timesGenerated;
  private int distinct;
  private int generated;

  TokenHistory(int[] prompt) {
    tokens = new int[prompt.length + 16];
    timesGenerated = new int[tokens.length];
    for (int token : prompt) {
      positionOf(token);
    }
  }

  /** Remembers a generated token. */
  void add(int token) {
    // Found first, because finding may replace the array.
    int position = positionOf(token);
    timesGenerated[position]++;
    generated++;
  }

  /** How many different tokens prompt and output hold. */
  int distinctTokens() {
    return distinct;
  }

  /** The {@code i}-th distinct token of prompt and output. */
  int token(int i) {
    return tokens[i];
  }

  /** How often the {@code i}-th distinct token was generated; 0 if only the prompt holds it. */
  int timesGenerated(int i) {
    return timesGenerated[i];
  }

  /** How many tokens were generated, repetitions included. */
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
