package io.github.gpt2server.constraint.automaton;

import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Transition;

/** The language of an automaton over bytes. */
record Embedded(Automaton automaton) implements Fragment {

  @Override
  public long size() {
    return automaton.getNumStates();
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int[] number = new int[automaton.getNumStates()];
    for (int state = 0; state < number.length; state++) {
      number[state] = nfa.state();
    }
    if (number.length > 0) {
      nfa.epsilon(from, number[0]);
    }
    Transition transition = new Transition();
    for (int state = 0; state < number.length; state++) {
      int count = automaton.initTransition(state, transition);
      for (int i = 0; i < count; i++) {
        automaton.getNextTransition(transition);
        nfa.transition(number[state], transition.min, transition.max, number[transition.dest]);
      }
      if (automaton.isAccept(state)) {
        nfa.epsilon(number[state], to);
      }
    }
  }
}
