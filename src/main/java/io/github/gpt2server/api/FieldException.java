package io.github.gpt2server.api;

import tools.jackson.core.JsonParser;
import tools.jackson.databind.exc.MismatchedInputException;

/**
 * A field whose JSON value is not what the endpoint takes. The message completes a sentence that
 * begins with the field's name; Jackson adds the path to the field on the way up.
 */
final class FieldException extends MismatchedInputException {
  private static final long serialVersionUID = 1L;

  FieldException(JsonParser parser, String message) {
    super(parser, message);
  }
}
