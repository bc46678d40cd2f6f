package io.github.gpt2server.engine.result;

/** A request failed because the model computed NaN or infinity for it; others may go on. */
public class InvalidModelOutputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public InvalidModelOutputException(String message) {
    super(message);
  }

  InvalidModelOutputException(Throwable cause) {
    super(cause.getMessage(), cause);
  }
}
