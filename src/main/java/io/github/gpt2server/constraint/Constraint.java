package io.github.gpt2server.constraint;

import tools.jackson.databind.JsonNode;

/** The form that a text must have. Equal constraints are compiled once. */
public sealed interface Constraint {

  /** Texts that match a regular expression from beginning to end. */
  record Regex(String pattern) implements Constraint {}

  /**
   * JSON values that a schema accepts.
   *
   * @param schema the schema as JSON, properties in the order in which they are generated
   */
  record Schema(String schema) implements Constraint {

    /** A schema that has been read. */
    public Schema(JsonNode schema) {
      this(schema.toString());
    }
  }

  /** Any JSON object. */
  record AnyObject() implements Constraint {}
}
