package io.github.gpt2server.constraint.automaton;

/** One byte of a range. */
record ByteRange(int low, int high) implements Fragment {

  @Override
  public long size() {
    return 0;
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    nfa.transition(from, low, high, to);
  }
}
