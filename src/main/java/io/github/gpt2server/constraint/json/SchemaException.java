package io.github.gpt2server.constraint.json;

/** A JSON Schema that cannot be used; the message says where, what and what to do. */
public final class SchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SchemaException(String message) {
    super(message, null, false, false);
  }
}
