package io.github.gpt2server.engine.result;

/** The engine accepts no requests: it is shutting down, or its thread has died. */
public class EngineStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a reason that clients may see. */
  public EngineStoppedException(String message) {
    super(message);
  }
}
