package io.github.gpt2server.constraint.automaton;

import java.util.Arrays;
import java.util.BitSet;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Transition;

/**
 * A deterministic automaton over bytes, as a table. State 0 is the first. From every state a final
 * one can be reached; a byte that leads nowhere leads to {@link #DEAD}. Immutable.
 */
public final class ByteAutomaton {
  public static final int DEAD = -1;

  private static final int BYTES = 256;

  /** In the table, for "nowhere"; other entries are states. */
  private static final char NONE = Character.MAX_VALUE;

  private final BitSet accepting;

  /** For each state whether any byte leads anywhere. */
  private final BitSet continuing;

  /** For each byte the number of its class: bytes of a class lead to the same state everywhere. */
  private final char[] classes;

  private final int width;

  /** {@code [states, width]} next states by class. */
  private final char[] table;

  private ByteAutomaton(
      BitSet accepting, BitSet continuing, char[] classes, int width, char[] table) {
    this.accepting = accepting;
    this.continuing = continuing;
    this.classes = classes;
    this.width = width;
    this.table = table;
  }

  /**
   * Converts an automaton that is deterministic and has no dead states.
   *
   * @throws TooComplexException if it is beyond the limits
   */
  static ByteAutomaton of(Automaton automaton, AutomatonLimits limits) {
    int states = automaton.getNumStates();
    if (states > limits.deterministic()) {
      throw DeterministicBuilder.tooLarge(limits.deterministic());
    }
    int[] starts = automaton.getStartPoints();
    char[] classes = new char[BYTES];
    int width = 0;
    int start = 0;
    for (int value = 0; value < BYTES; value++) {
      while (start < starts.length && starts[start] <= value) {
        if (starts[start] > 0) {
          width++;
        }
        start++;
      }
      classes[value] = (char) width;
    }
    width++;
    if ((long) states * width > limits.table()) {
      throw new TooComplexException(
          "its automaton has more than %d transitions".formatted(limits.table()));
    }
    char[] table = new char[states * width];
    Arrays.fill(table, NONE);
    BitSet accepting = new BitSet(states);
    BitSet continuing = new BitSet(states);
    Transition transition = new Transition();
    for (int state = 0; state < states; state++) {
      accepting.set(state, automaton.isAccept(state));
      int count = automaton.initTransition(state, transition);
      continuing.set(state, count > 0);
      for (int i = 0; i < count; i++) {
        automaton.getNextTransition(transition);
        for (int value = transition.min; value <= Math.min(transition.max, BYTES - 1); value++) {
          table[state * width + classes[value]] = (char) transition.dest;
        }
      }
    }
    return new ByteAutomaton(accepting, continuing, classes, width, table);
  }

  /** Number of states; 0 if no string is accepted. */
  public int states() {
    return table.length / width;
  }

  /** The state after a byte, or {@link #DEAD}. */
  public int next(int state, byte value) {
    char next = table[state * width + classes[value & 0xff]];
    return next == NONE ? DEAD : next;
  }

  /** Returns whether the bytes that led to a state are a string of the language. */
  public boolean accepts(int state) {
    return accepting.get(state);
  }

  /** Returns whether any byte may follow in a state. */
  public boolean continues(int state) {
    return continuing.get(state);
  }

  /** Returns whether a whole string is of the language. */
  public boolean matches(byte[] string) {
    int state = states() == 0 ? DEAD : 0;
    for (int i = 0; i < string.length && state != DEAD; i++) {
      state = next(state, string[i]);
    }
    return state != DEAD && accepts(state);
  }

  /** Approximate memory, in bytes. */
  public long bytes() {
    return 2L * table.length + states() / 4;
  }
}
