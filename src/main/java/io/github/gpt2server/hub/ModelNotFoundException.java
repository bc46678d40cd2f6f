package io.github.gpt2server.hub;

/**
 * The setting {@code gpt2.model} leads to no model. The message is one sentence for the person who
 * started the server: the setting, its value, what is wrong and what is allowed.
 */
public class ModelNotFoundException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong. */
  public ModelNotFoundException(String message) {
    super(message);
  }

  /** Says what is wrong and keeps the cause for the log. */
  public ModelNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
