package io.github.gpt2server.constraint.json;

import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.Nfa;
import java.util.List;

/**
 * The members of an object with their commas, without its braces: named ones in their order, then
 * any number of others. An automaton that has one copy of each member, whether members before it
 * are present or not.
 *
 * @param others a member of another name, or {@link Fragment#NOTHING}
 */
record Members(List<Member> named, Fragment others, Fragment comma) implements Fragment {

  /** A member: its name, colon and value. */
  record Member(Fragment text, boolean required) {}

  @Override
  public long size() {
    long size = 5 + others.size();
    for (Member member : named) {
      size += 3 + comma.size() + member.text().size();
    }
    return Math.min(Integer.MAX_VALUE, size);
  }

  @Override
  public void emit(Nfa nfa, int from, int to) {
    int none = nfa.state();
    int some = nfa.state();
    nfa.epsilon(from, none);
    for (Member member : named) {
      int before = before(nfa, none, some);
      int noneYet = nfa.state();
      int after = nfa.state();
      member.text().emit(nfa, before, after);
      if (!member.required()) {
        nfa.epsilon(none, noneYet);
        nfa.epsilon(some, after);
      }
      none = noneYet;
      some = after;
    }
    if (others != NOTHING) {
      int before = before(nfa, none, some);
      others.emit(nfa, before, some);
    }
    nfa.epsilon(none, to);
    nfa.epsilon(some, to);
  }

  /** A state before a member, which a comma leads to if there is a member before. */
  private int before(Nfa nfa, int none, int some) {
    int before = nfa.state();
    nfa.epsilon(none, before);
    comma.emit(nfa, some, before);
    return before;
  }
}
