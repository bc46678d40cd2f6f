package io.github.gpt2server.constraint.automaton;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.MinimizationOperations;
import org.apache.lucene.util.automaton.Operations;
import org.apache.lucene.util.automaton.TooComplexToDeterminizeException;

/**
 * Makes deterministic automata over bytes for one constraint, within {@link AutomatonLimits}. Every
 * method throws {@link TooComplexException} beyond them, and whatever {@code check} throws. Not
 * thread-safe.
 */
public final class DeterministicBuilder {
  /** Largest number of states times start points for which minimization is worth its memory. */
  private static final int MINIMIZED = 50_000;

  private static final int MAX_CHARACTER_SETS = 1000;
  private static final int FIRST_SURROGATE = 0xd800;
  private static final int LAST_SURROGATE = 0xdfff;

  private final AutomatonLimits limits;
  private final Runnable check;
  private final Map<List<Integer>, Fragment> characters = new HashMap<>();
  private long built;

  /**
   * Creates a builder.
   *
   * @param check called between operations, each of which takes some tenths of a second at most;
   *     may throw to end the work
   */
  public DeterministicBuilder(AutomatonLimits limits, Runnable check) {
    this.limits = limits;
    this.check = check;
  }

  /** One character of a set, in UTF-8; surrogates are no characters. */
  public Fragment character(BitSet codePoints) {
    BitSet set = (BitSet) codePoints.clone();
    set.clear(FIRST_SURROGATE, LAST_SURROGATE + 1);
    // Its ranges, because a set has a bit for each of a million code points.
    List<Integer> ranges = new ArrayList<>();
    for (int low = set.nextSetBit(0); low >= 0; low = set.nextSetBit(set.nextClearBit(low))) {
      ranges.add(low);
      ranges.add(set.nextClearBit(low));
    }
    Fragment known = characters.get(ranges);
    if (known == null) {
      if (characters.size() == MAX_CHARACTER_SETS) {
        throw new TooComplexException(
            "it has more than %d different character classes".formatted(MAX_CHARACTER_SETS));
      }
      known = compact(Utf8Ranges.of(set));
      characters.put(ranges, known);
    }
    return known;
  }

  private Automaton automaton(Fragment language) {
    if (language instanceof Embedded embedded) {
      return embedded.automaton();
    }
    if (language.size() > limits.nondeterministic()) {
      throw tooLarge(limits.nondeterministic());
    }
    check.run();
    Nfa nfa = new Nfa(limits.nondeterministic());
    language.emit(nfa, Nfa.FIRST, Nfa.FINAL);
    return deterministic(nfa.withoutEpsilons());
  }

  /** The strings that both languages have. */
  public Fragment intersection(Fragment a, Fragment b) {
    Automaton left = automaton(a);
    Automaton right = automaton(b);
    requireProduct(left, right);
    return embedded(Operations.intersection(left, right));
  }

  /** The strings of the first language that the second one does not have. */
  public Fragment difference(Fragment a, Fragment b) {
    Automaton left = automaton(a);
    Automaton right = automaton(b);
    requireProduct(left, right);
    return embedded(Operations.minus(left, right, limits.determinization()));
  }

  /** The strings of a language with some bytes, from 0 to 255, written as something else. */
  public Fragment substituted(Fragment language, Map<Integer, Fragment> replacements) {
    return new Substituted(automaton(language), Map.copyOf(replacements));
  }

  /** The same language with few states, for one that is used many times. */
  public Fragment compact(Fragment language) {
    return nonEmpty(automaton(language));
  }

  /** The automaton that texts are walked through. */
  public ByteAutomaton finish(Fragment language) {
    Automaton automaton = automaton(language);
    ByteAutomaton result = ByteAutomaton.of(automaton, limits);
    check.run();
    return result;
  }

  private Fragment embedded(Automaton automaton) {
    return nonEmpty(deterministic(automaton));
  }

  private static Fragment nonEmpty(Automaton deterministic) {
    return Operations.isEmpty(deterministic) ? Fragment.NOTHING : new Embedded(deterministic);
  }

  private void requireProduct(Automaton a, Automaton b) {
    check.run();
    if ((long) a.getNumStates() * b.getNumStates() > 4L * limits.nondeterministic()) {
      throw tooLarge(limits.nondeterministic());
    }
  }

  private Automaton deterministic(Automaton automaton) {
    check.run();
    Automaton result;
    try {
      result = Operations.determinize(automaton, limits.determinization());
    } catch (TooComplexToDeterminizeException e) {
      throw new TooComplexException("it is ambiguous in too many ways");
    }
    result = Operations.removeDeadStates(result);
    built += result.getNumStates();
    if (built > 4L * limits.deterministic()) {
      throw tooLarge(limits.deterministic());
    }
    check.run();
    if ((long) result.getNumStates() * result.getStartPoints().length <= MINIMIZED) {
      result =
          Operations.removeDeadStates(
              MinimizationOperations.minimize(result, limits.determinization()));
    }
    return result;
  }

  static TooComplexException tooLarge(int states) {
    return new TooComplexException("its automaton has more than " + states + " states");
  }
}
