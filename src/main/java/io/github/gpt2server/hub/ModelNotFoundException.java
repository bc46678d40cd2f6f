package io.github.gpt2server.hub;

/**
 * A setting such as {@code gpt2.model} that names no usable model. The message is one sentence for
 * the operator: the setting, its value, what is wrong and what is allowed.
 */
public class ModelNotFoundException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelNotFoundException(String message) {
    super(message);
  }

  public ModelNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
