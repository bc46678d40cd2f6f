package io.github.gpt2server.model;

/**
 * A model cannot be loaded. The message is one sentence for the person who started the server:
 * which file, what is wrong with it and what was expected.
 */
public class ModelLoadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong. */
  public ModelLoadException(String message) {
    super(message);
  }

  /** Says what is wrong and keeps the cause for the log. */
  public ModelLoadException(String message, Throwable cause) {
    super(message, cause);
  }
}
