package io.github.gpt2server.constraint.token;

import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary that have text, as a tree of their bytes. Its nodes lie in depth-first
 * order in arrays, so that a walk with an automaton reads them once from left to right and skips
 * what the automaton cannot follow. Immutable.
 */
public final class TokenTree {
  private final byte[][] tokens;
  private final byte[] labels;
  private final short[] depths;

  /** For each node the first one after its descendants. */
  private final int[] ends;

  /** For each node where its tokens begin in {@link #ids}; they end where the next node's begin. */
  private final int[] firstIds;

  private final int[] ids;
  private final int deepest;

  /** The bytes that are tokens themselves, by which every text of such bytes can be written. */
  private final BitSet single = new BitSet();

  private TokenTree(byte[][] tokens, int nodes, int deepest) {
    this.tokens = tokens;
    this.deepest = deepest;
    labels = new byte[nodes];
    depths = new short[nodes];
    ends = new int[nodes];
    firstIds = new int[nodes + 1];
    ids = new int[(int) Arrays.stream(tokens).filter(bytes -> bytes.length > 0).count()];
  }

  /**
   * Builds the tree.
   *
   * @param size number of token ids
   * @param bytes returns the bytes of a token, none if it stands for none
   * @param text returns whether a token adds its bytes to a text; special tokens do not
   */
  public static TokenTree of(int size, IntFunction<byte[]> bytes, IntPredicate text) {
    byte[][] tokens = new byte[size][];
    for (int id = 0; id < size; id++) {
      tokens[id] = text.test(id) ? bytes.apply(id) : new byte[0];
    }
    List<Integer> sorted =
        IntStream.range(0, size)
            .filter(id -> tokens[id].length > 0)
            .boxed()
            .sorted(Comparator.comparing(id -> tokens[id], Arrays::compareUnsigned))
            .toList();
    int nodes = 0;
    int deepest = 0;
    byte[] last = {};
    for (int id : sorted) {
      nodes += tokens[id].length - common(last, tokens[id]);
      deepest = Math.max(deepest, tokens[id].length);
      last = tokens[id];
    }
    TokenTree tree = new TokenTree(tokens, nodes, deepest);
    tree.fill(sorted);
    return tree;
  }

  private static int common(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? b.length : mismatch;
  }

  private void fill(List<Integer> sorted) {
    int[] open = new int[deepest + 1];
    int node = 0;
    int id = 0;
    byte[] last = {};
    for (int token : sorted) {
      byte[] bytes = tokens[token];
      int shared = common(last, bytes);
      for (int depth = shared; depth < last.length; depth++) {
        ends[open[depth]] = node;
      }
      for (int depth = shared; depth < bytes.length; depth++) {
        open[depth] = node;
        labels[node] = bytes[depth];
        depths[node] = (short) depth;
        firstIds[node++] = id;
      }
      ids[id++] = token;
      if (bytes.length == 1) {
        single.set(bytes[0] & 0xff);
      }
      last = bytes;
    }
    for (int depth = 0; depth < last.length; depth++) {
      ends[open[depth]] = node;
    }
    firstIds[node] = id;
  }

  /** Number of token ids, those without text included. */
  public int size() {
    return tokens.length;
  }

  /** The tokens whose bytes begin with these. */
  TokenMask beginningWith(byte[] bytes) {
    long[] bits = new long[(tokens.length + Long.SIZE - 1) / Long.SIZE];
    int node = 0;
    int depth = 0;
    while (node < labels.length && depths[node] == depth) {
      if (labels[node] != bytes[depth]) {
        node = ends[node];
      } else if (++depth == bytes.length) {
        for (int i = firstIds[node]; i < firstIds[ends[node]]; i++) {
          bits[ids[i] >> 6] |= 1L << ids[i];
        }
        break;
      } else {
        node++;
      }
    }
    return TokenMask.of(bits);
  }

  /** The bytes that a token adds to a text; none for a special one. */
  public byte[] bytes(int token) {
    return tokens[token];
  }

  /** Returns whether a byte is a token itself. */
  boolean hasByte(int value) {
    return single.get(value);
  }

  /**
   * The tokens whose bytes an automaton can follow from a state to one that is usable.
   *
   * @param usable the states from which a text can be completed with this vocabulary
   */
  TokenMask allowed(ByteAutomaton automaton, int state, BitSet usable) {
    long[] bits = new long[(tokens.length + Long.SIZE - 1) / Long.SIZE];
    int[] states = new int[deepest + 1];
    states[0] = state;
    for (int node = 0; node < labels.length; ) {
      int depth = depths[node];
      int next = automaton.next(states[depth], labels[node]);
      if (next == ByteAutomaton.DEAD) {
        node = ends[node];
        continue;
      }
      states[depth + 1] = next;
      if (usable.get(next)) {
        for (int i = firstIds[node]; i < firstIds[node + 1]; i++) {
          bits[ids[i] >> 6] |= 1L << ids[i];
        }
      }
      node++;
    }
    return TokenMask.of(bits);
  }
}
