package io.github.gpt2server.constraint.automaton;

/** One byte string. */
record Literal(byte[] bytes) implements Fragment {

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int state = from;
    for (byte each : bytes) {
      int next = nfa.state();
      nfa.transition(state, each & 0xff, each & 0xff, next);
      state = next;
    }
    nfa.epsilon(state, to);
  }
}
