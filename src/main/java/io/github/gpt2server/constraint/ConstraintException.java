package io.github.gpt2server.constraint;

/** A constraint that cannot be used; the message completes "X cannot be used: ". */
public final class ConstraintException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ConstraintException(String message) {
    super(message, null, false, false);
  }
}
