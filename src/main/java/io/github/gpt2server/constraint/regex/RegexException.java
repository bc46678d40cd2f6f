package io.github.gpt2server.constraint.regex;

/** A regular expression that cannot be used; the message says which part and what to do. */
public final class RegexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RegexException(String message) {
    super(message, null, false, false);
  }
}
