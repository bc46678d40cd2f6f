package io.github.gpt2server.constraint.token;

import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An automaton over bytes read by the tokens of a vocabulary. Any token is allowed whose bytes fit,
 * whatever tokens a tokenizer would write the text with, and inside of characters too. Immutable,
 * shared by all sequences with the same constraint.
 */
public final class TokenAutomaton {
  private static final AtomicLong CREATED = new AtomicLong();

  private final long number = CREATED.incrementAndGet();
  private final ByteAutomaton automaton;
  private final TokenTree tree;
  private final MaskCache masks;

  /**
   * States from which a final state can be reached by bytes that are tokens themselves. A
   * vocabulary with all bytes, as GPT-2's, makes all states usable.
   */
  private final BitSet usable;

  /** Creates an automaton whose masks are in a cache that may serve others too. */
  public TokenAutomaton(ByteAutomaton automaton, TokenTree tree, MaskCache masks) {
    this.automaton = automaton;
    this.tree = tree;
    this.masks = masks;
    this.usable = usable(automaton, tree);
  }

  private static BitSet usable(ByteAutomaton automaton, TokenTree tree) {
    int states = automaton.states();
    List<List<Integer>> before = new ArrayList<>();
    for (int state = 0; state < states; state++) {
      before.add(new ArrayList<>(1));
    }
    for (int state = 0; state < states; state++) {
      int last = ByteAutomaton.DEAD;
      for (int value = 0; value < 256; value++) {
        int next = tree.hasByte(value) ? automaton.next(state, (byte) value) : ByteAutomaton.DEAD;
        if (next != ByteAutomaton.DEAD && next != last) {
          before.get(next).add(state);
          last = next;
        }
      }
    }
    BitSet usable = new BitSet(states);
    Deque<Integer> open = new ArrayDeque<>();
    for (int state = 0; state < states; state++) {
      if (automaton.accepts(state)) {
        usable.set(state);
        open.add(state);
      }
    }
    while (!open.isEmpty()) {
      for (int state : before.get(open.remove())) {
        if (!usable.get(state)) {
          usable.set(state);
          open.add(state);
        }
      }
    }
    return usable;
  }

  /** A number that no other automaton has. */
  long number() {
    return number;
  }

  /** Returns whether the vocabulary can write a text of the language. */
  public boolean writable() {
    return usable.get(0);
  }

  /** Approximate memory without masks, in bytes. */
  public long bytes() {
    return automaton.bytes() + usable.size() / 8;
  }

  /** The tokens that may follow in a state, without those that end a text. */
  TokenMask allowed(int state) {
    return masks.get(this, state);
  }

  TokenMask compute(int state) {
    return tree.allowed(automaton, state, usable);
  }

  /** The state after a token, or {@link ByteAutomaton#DEAD}. */
  int next(int state, int token) {
    int next = state;
    for (byte each : tree.bytes(token)) {
      next = automaton.next(next, each);
      if (next == ByteAutomaton.DEAD) {
        return next;
      }
    }
    return tree.bytes(token).length == 0 || !usable.get(next) ? ByteAutomaton.DEAD : next;
  }

  /** Returns whether the text up to a state is of the language. */
  boolean accepts(int state) {
    return automaton.accepts(state);
  }

  /** Returns whether any byte may follow in a state, though perhaps no token has it. */
  boolean continues(int state) {
    return automaton.continues(state);
  }
}
