package io.github.gpt2server.web.json;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.exc.StreamWriteException;

/** An answer holds NaN or infinity, for which JSON has no number. */
public final class NonFiniteNumberException extends StreamWriteException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception for the writer that has met such a number. */
  public NonFiniteNumberException(JsonGenerator generator) {
    super(generator, "NaN and infinity are not JSON numbers");
  }
}
