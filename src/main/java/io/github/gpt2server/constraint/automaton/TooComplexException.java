package io.github.gpt2server.constraint.automaton;

/** A language needs an automaton beyond the limits of {@link AutomatonLimits}. */
public final class TooComplexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TooComplexException(String message) {
    super(message, null, false, false);
  }
}
