package io.github.gpt2server.template;

/**
 * A token of a template.
 *
 * @param text the text between tags, a name, an operator, or a string without its quotes
 * @param line the line of the template, from 1
 */
record Token(Kind kind, String text, int line) {

  enum Kind {
    DATA,
    BLOCK_BEGIN,
    BLOCK_END,
    PRINT_BEGIN,
    PRINT_END,
    NAME,
    STRING,
    INTEGER,
    REAL,
    OPERATOR,
    END
  }

  boolean is(Kind expected, String value) {
    return kind == expected && text.equals(value);
  }

  /** The token as a message names it. */
  String shown() {
    return switch (kind) {
      case DATA -> "text";
      case BLOCK_BEGIN -> "'{%'";
      case BLOCK_END -> "'%}'";
      case PRINT_BEGIN -> "'{{'";
      case PRINT_END -> "'}}'";
      case END -> "the end of the template";
      default -> "'" + text + "'";
    };
  }
}
