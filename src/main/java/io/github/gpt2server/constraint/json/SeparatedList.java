package io.github.gpt2server.constraint.json;

import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.Nfa;
import io.github.gpt2server.constraint.automaton.Repetition;

/**
 * One or more items with a separator between them. Unlike a sequence of an item and a repetition,
 * it has no second copy of the item.
 *
 * @param least smallest number of items, at least 1
 * @param most largest number of items, or {@link Repetition#UNBOUNDED}
 */
record SeparatedList(Fragment item, Fragment separator, int least, int most) implements Fragment {

  @Override
  public long size() {
    long copies = most == Repetition.UNBOUNDED ? least : most;
    return Math.min(Integer.MAX_VALUE, copies * (item.size() + separator.size() + 2));
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int before = nfa.state();
    nfa.epsilon(from, before);
    int copies = most == Repetition.UNBOUNDED ? least : most;
    for (int i = 1; i <= copies; i++) {
      int after = nfa.state();
      item.emit(nfa, before, after);
      if (i >= least) {
        nfa.epsilon(after, to);
      }
      if (i < copies) {
        before = nfa.state();
      }
      if (i < copies || most == Repetition.UNBOUNDED) {
        separator.emit(nfa, after, before);
      }
    }
  }
}
