package io.github.gpt2server.engine.result;

/** A request failed because there was no memory for it; others may go on. */
public class NotEnoughMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Thrown when there is no memory left to create another. */
  @SuppressWarnings("StaticAssignmentOfThrowable") // It has no stack trace.
  static final NotEnoughMemoryException PREPARED =
      new NotEnoughMemoryException("Java has no memory left to say more");

  NotEnoughMemoryException(String shortage, Throwable cause) {
    super(shortage, cause);
  }

  private NotEnoughMemoryException(String shortage) {
    super(shortage, null, false, false);
  }
}
