package io.github.gpt2server.constraint.automaton;

/**
 * Strings of a language in a row.
 *
 * @param least smallest number of strings
 * @param most largest number of strings, or {@link #UNBOUNDED}
 */
public record Repetition(Fragment part, int least, int most) implements Fragment {
  public static final int UNBOUNDED = Integer.MAX_VALUE;

  /** Checks the numbers. */
  public Repetition {
    if (least < 0 || most < least) {
      throw new IllegalArgumentException("from %d to %d times".formatted(least, most));
    }
  }

  @Override
  public long size() {
    long copies = most == UNBOUNDED ? least + 1L : most;
    return Math.min(Integer.MAX_VALUE, 2 + copies * (part.size() + 1));
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int state = from;
    for (int i = 0; i < least; i++) {
      state = next(nfa, state);
    }
    if (most == UNBOUNDED) {
      int loop = nfa.state();
      nfa.epsilon(state, loop);
      int end = next(nfa, loop);
      nfa.epsilon(end, loop);
      nfa.epsilon(loop, to);
      return;
    }
    // Nested options, (a(a(a)?)?)?, because a row of options, a?a?a?, needs quadratic work.
    for (int i = least; i < most; i++) {
      nfa.epsilon(state, to);
      state = next(nfa, state);
    }
    nfa.epsilon(state, to);
  }

  private int next(Nfa nfa, int state) {
    int next = nfa.state();
    part.emit(nfa, state, next);
    return next;
  }
}
