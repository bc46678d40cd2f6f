package io.github.gpt2server.ops.lifecycle;

/** The server was asked to stop before it could serve. */
public class StoppedWhileLoadingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StoppedWhileLoadingException() {
    super("The server was asked to stop while it loaded the model.");
  }
}
