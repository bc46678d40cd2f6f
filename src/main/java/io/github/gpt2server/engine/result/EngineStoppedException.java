package io.github.gpt2server.engine.result;

/** The engine takes no new requests: it is shutting down, or its thread has died. */
public class EngineStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says why, in a sentence for the client. */
  public EngineStoppedException(String message) {
    super(message);
  }
}
