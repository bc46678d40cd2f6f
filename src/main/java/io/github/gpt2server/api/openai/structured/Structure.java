package io.github.gpt2server.api.openai.structured;

import io.github.gpt2server.constraint.token.TokenAutomaton;
import java.util.List;

/** The form that the texts of a valid request have. */
public sealed interface Structure {

  /** Any text. */
  record Free() implements Structure {}

  /** A text that an automaton accepts, which decides on each token. */
  record Automaton(TokenAutomaton automaton) implements Structure {}

  /**
   * One of several texts, drawn as a whole.
   *
   * @param field the field that has them
   * @param choices distinct texts, at least one
   */
  record OneOf(String field, List<Choice> choices) implements Structure {}

  /**
   * A text that may be drawn.
   *
   * @param tokens its token ids, at least one
   */
  record Choice(String text, int[] tokens) {}
}
