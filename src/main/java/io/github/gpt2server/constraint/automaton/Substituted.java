package io.github.gpt2server.constraint.automaton;

import java.util.Map;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Transition;

/**
 * The strings of an automaton over bytes with some bytes written as something else, as in {@code
 * \"} for a quotation mark.
 *
 * @param replacements by byte, from 0 to 255
 */
record Substituted(Automaton automaton, Map<Integer, Fragment> replacements) implements Fragment {

  @Override
  public long size() {
    long size = automaton.getNumStates();
    Transition transition = new Transition();
    for (int state = 0; state < automaton.getNumStates(); state++) {
      int count = automaton.initTransition(state, transition);
      for (int i = 0; i < count; i++) {
        automaton.getNextTransition(transition);
        for (int value = transition.min; value <= transition.max; value++) {
          Fragment replacement = replacements.get(value);
          size += replacement == null ? 0 : replacement.size();
        }
      }
    }
    return size;
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
        emit(nfa, number[state], transition, number[transition.dest]);
      }
      if (automaton.isAccept(state)) {
        nfa.epsilon(number[state], to);
      }
    }
  }

  private void emit(Nfa nfa, int from, Transition transition, int to) {
    int low = transition.min;
    for (int value = low; value <= transition.max; value++) {
      Fragment replacement = replacements.get(value);
      if (replacement != null) {
        if (low < value) {
          nfa.transition(from, low, value - 1, to);
        }
        replacement.emit(nfa, from, to);
        low = value + 1;
      }
    }
    if (low <= transition.max) {
      nfa.transition(from, low, transition.max, to);
    }
  }
}
