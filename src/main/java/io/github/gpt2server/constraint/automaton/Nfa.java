package io.github.gpt2server.constraint.automaton;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import org.apache.lucene.util.automaton.Automaton;

/**
 * A nondeterministic automaton over bytes with empty transitions, being built. State 0 is the
 * first, state 1 the only final one.
 */
public final class Nfa {
  static final int FIRST = 0;
  static final int FINAL = 1;

  private static final int PARTS = 3;

  private final int limit;
  private int states = 2;
  private int transitions;

  /** For each state its transitions in a row: lowest byte, highest byte, next state. */
  private int[][] outgoing = new int[64][];

  /** For each state the number of entries in use of {@link #outgoing}. */
  private int[] used = new int[64];

  /**
   * Creates an automaton of the empty language.
   *
   * @param limit largest number of states, and a quarter of the largest number of transitions
   */
  Nfa(int limit) {
    this.limit = limit;
  }

  /** Adds a state. */
  public int state() {
    require(states + 1L);
    if (states == outgoing.length) {
      outgoing = Arrays.copyOf(outgoing, 2 * states);
      used = Arrays.copyOf(used, 2 * states);
    }
    return states++;
  }

  /** Adds a transition by a byte from {@code low} to {@code high}. */
  public void transition(int from, int low, int high, int to) {
    add(from, low, high, to);
  }

  /** Adds a transition by no byte. */
  public void epsilon(int from, int to) {
    add(from, -1, -1, to);
  }

  private void add(int from, int low, int high, int to) {
    count(1);
    int[] row = outgoing[from];
    int length = used[from];
    if (row == null) {
      row = new int[2 * PARTS];
    } else if (length == row.length) {
      row = Arrays.copyOf(row, 2 * length);
    }
    row[length] = low;
    row[length + 1] = high;
    row[length + 2] = to;
    outgoing[from] = row;
    used[from] = length + PARTS;
  }

  private void count(int more) {
    transitions += more;
    require(transitions / 4);
  }

  private void require(long size) {
    if (size > limit) {
      throw DeterministicBuilder.tooLarge(limit);
    }
  }

  /** The same language without empty transitions, of the states that can be reached. */
  Automaton withoutEpsilons() {
    Automaton result = new Automaton(states, transitions);
    int[] number = new int[states];
    Deque<Integer> open = new ArrayDeque<>();
    number[FIRST] = 1 + result.createState();
    open.add(FIRST);
    BitSet closure = new BitSet(states);
    while (!open.isEmpty()) {
      int state = open.remove();
      close(state, closure);
      result.setAccept(number[state] - 1, closure.get(FINAL));
      for (int s = closure.nextSetBit(0); s >= 0; s = closure.nextSetBit(s + 1)) {
        int[] row = outgoing[s];
        for (int i = 0; i < used[s]; i += PARTS) {
          if (row[i] >= 0) {
            count(1);
            int to = row[i + 2];
            if (number[to] == 0) {
              number[to] = 1 + result.createState();
              open.add(to);
            }
            result.addTransition(number[state] - 1, number[to] - 1, row[i], row[i + 1]);
          }
        }
        // Cleared while read, because clearing the whole set would take quadratic time.
        closure.clear(s);
      }
    }
    result.finishState();
    return result;
  }

  /** Adds the states that can be reached by empty transitions. */
  private void close(int state, BitSet closure) {
    Deque<Integer> open = new ArrayDeque<>();
    closure.set(state);
    open.add(state);
    while (!open.isEmpty()) {
      int from = open.remove();
      int[] row = outgoing[from];
      for (int i = 0; i < used[from]; i += PARTS) {
        if (row[i] < 0 && !closure.get(row[i + 2])) {
          count(1);
          closure.set(row[i + 2]);
          open.add(row[i + 2]);
        }
      }
    }
  }
}
