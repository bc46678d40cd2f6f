package io.github.gpt2server.constraint.automaton;

/**
 * Limits of the automata of one constraint, which bound its memory and the time to build it.
 *
 * @param nondeterministic largest number of states, and a quarter of the largest number of
 *     transitions, before determinization
 * @param determinization largest work of a determinization, as Lucene counts it: a tenth of the sum
 *     of the sizes of the sets of states
 * @param deterministic largest number of states after it
 * @param table largest number of entries of the transition table
 */
public record AutomatonLimits(
    int nondeterministic, int determinization, int deterministic, int table) {

  public static final AutomatonLimits DEFAULT =
      new AutomatonLimits(100_000, 50_000, 50_000, 4_000_000);
}
