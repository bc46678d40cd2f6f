package io.github.gpt2server.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * Strings across which a {@link DryPenalty} finds no repetition, wherever their bytes begin and end
 * in tokens. A token is looked at when a text first has it. Safe for concurrent use.
 */
public final class SequenceBreakers {

  /** No strings. */
  public static final SequenceBreakers NONE = new SequenceBreakers(List.of(), token -> new byte[0]);

  private static final int[] NOTHING = {};

  private final List<Breaker> breakers;
  private final IntFunction<byte[]> bytes;

  /** Largest number of tokens of a breaker after the token in which it begins. */
  private final int longestRest;

  /** For each token known, the sequences of tokens that complete a breaker after it. */
  private final Map<Integer, int[][]> rests = new ConcurrentHashMap<>();

  /**
   * A string.
   *
   * @param bytes its bytes, at least one
   * @param rests at index i the tokens of its bytes from the i-th on; null for none
   */
  public record Breaker(byte[] bytes, int[][] rests) {}

  /**
   * Creates breakers.
   *
   * @param bytes returns the bytes of a token
   */
  public SequenceBreakers(List<Breaker> breakers, IntFunction<byte[]> bytes) {
    this.breakers = List.copyOf(breakers);
    this.bytes = bytes;
    this.longestRest =
        breakers.stream()
            .flatMap(breaker -> Arrays.stream(breaker.rests()))
            .filter(Objects::nonNull)
            .mapToInt(rest -> rest.length)
            .max()
            .orElse(0);
  }

  /** Returns whether a token contains a breaker. */
  boolean breaks(int token) {
    for (int[] rest : rests(token)) {
      if (rest.length == 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * The number of tokens after the last breaker in a text.
   *
   * @param enough number of tokens beyond which it does not matter, at most the text's
   * @return the number; of at least {@code enough} any; all tokens if there is no breaker
   */
  int tokensAfterLast(int[] tokens, int from, int to, int enough) {
    int first = Math.max(from, to - enough - longestRest);
    for (int start = to - 1; start >= first; start--) {
      int longest = -1;
      for (int[] rest : rests(tokens[start])) {
        if (rest.length > longest && isAt(rest, tokens, start + 1, to)) {
          longest = rest.length;
        }
      }
      if (longest >= 0) {
        return to - start - 1 - longest;
      }
    }
    return to - from;
  }

  private static boolean isAt(int[] rest, int[] tokens, int start, int to) {
    return rest.length <= to - start
        && Arrays.equals(rest, 0, rest.length, tokens, start, start + rest.length);
  }

  private int[][] rests(int token) {
    return rests.computeIfAbsent(token, this::find);
  }

  private int[][] find(int token) {
    byte[] word = bytes.apply(token);
    List<int[]> found = new ArrayList<>();
    breakers.forEach(breaker -> found.addAll(rests(word, breaker)));
    return found.toArray(new int[0][]);
  }

  private static List<int[]> rests(byte[] word, Breaker breaker) {
    List<int[]> found = new ArrayList<>();
    for (int start = 0; start < word.length; start++) {
      int common = Math.min(word.length - start, breaker.bytes().length);
      if (Arrays.equals(word, start, start + common, breaker.bytes(), 0, common)) {
        if (common == breaker.bytes().length) {
          return List.of(NOTHING);
        }
        if (breaker.rests()[common] != null) {
          found.add(breaker.rests()[common]);
        }
      }
    }
    return found;
  }
}
