package io.github.gpt2server.engine.result;

/** The queue holds the largest number of waiting requests. */
public class QueueFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int limit;

  /** Creates an exception for a queue of {@code limit} requests. */
  public QueueFullException(int limit) {
    super("the queue is full: " + limit + " waiting");
    this.limit = limit;
  }

  /** Largest number of waiting requests. */
  public int limit() {
    return limit;
  }
}
