package io.github.gpt2server.constraint;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.TooComplexException;
import io.github.gpt2server.constraint.json.SchemaException;
import io.github.gpt2server.constraint.json.SchemaReader;
import io.github.gpt2server.constraint.regex.RegexException;
import io.github.gpt2server.constraint.regex.RegexReader;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Makes automata of constraints. */
final class ConstraintCompiler {
  private static final JsonMapper JSON = new JsonMapper();

  private ConstraintCompiler() {}

  /**
   * The automaton of a constraint.
   *
   * @param check called between the steps of the work; what it throws ends it
   * @throws ConstraintException if the constraint is wrong, needs too large an automaton, or no
   *     text satisfies it
   */
  static ByteAutomaton compile(Constraint constraint, AutomatonLimits limits, Runnable check) {
    DeterministicBuilder builder = new DeterministicBuilder(limits, check);
    ByteAutomaton automaton;
    try {
      automaton = builder.finish(language(constraint, builder));
    } catch (RegexException | SchemaException e) {
      throw new ConstraintException(e.getMessage());
    } catch (JacksonException e) {
      // Numbers that are beyond those of Java were read as infinite.
      throw new ConstraintException("it has a number that is too large; use a smaller one");
    } catch (TooComplexException e) {
      throw new ConstraintException(
          e.getMessage() + "; use a simpler one, with smaller numbers of repetitions or lengths");
    }
    if (automaton.states() == 0) {
      throw new ConstraintException("no text satisfies it; remove what contradicts itself");
    }
    return automaton;
  }

  private static Fragment language(Constraint constraint, DeterministicBuilder builder) {
    if (constraint instanceof Constraint.Regex regex) {
      return RegexReader.whole(regex.pattern(), builder);
    }
    if (constraint instanceof Constraint.Schema schema) {
      return SchemaReader.read(JSON.readTree(schema.schema()), builder);
    }
    return SchemaReader.anyObject(builder);
  }
}
