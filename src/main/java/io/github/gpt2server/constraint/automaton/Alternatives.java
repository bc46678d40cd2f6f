package io.github.gpt2server.constraint.automaton;

import java.util.List;

/** A union of languages. */
record Alternatives(List<Fragment> parts, long size) implements Fragment {

  @Override
  public void emit(Nfa nfa, int from, int to) {
    parts.forEach(part -> part.emit(nfa, from, to));
  }
}
