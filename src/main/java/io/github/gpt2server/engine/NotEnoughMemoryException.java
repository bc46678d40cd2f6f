package io.github.gpt2server.engine;

/** A request failed because the model could not get the memory for it; others may go on. */
public class NotEnoughMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotEnoughMemoryException(String asked, Throwable cause) {
    super("libtorch could not get " + asked, cause);
  }
}
