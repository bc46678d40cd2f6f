package io.github.gpt2server.constraint.automaton;

import java.util.List;

/** Languages one after the other. */
record Sequence(List<Fragment> parts, long size) implements Fragment {

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int state = from;
    for (int i = 0; i < parts.size(); i++) {
      int next = i == parts.size() - 1 ? to : nfa.state();
      parts.get(i).emit(nfa, state, next);
      state = next;
    }
    if (parts.isEmpty()) {
      nfa.epsilon(from, to);
    }
  }
}
