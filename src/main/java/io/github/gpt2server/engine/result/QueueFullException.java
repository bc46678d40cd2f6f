package io.github.gpt2server.engine.result;

/** The queue holds as many waiting requests as it may. */
public class QueueFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int limit;

  /** Says how many requests may wait. */
  public QueueFullException(int limit) {
    super("the queue is full: " + limit + " waiting");
    this.limit = limit;
  }

  /** How many requests may wait. */
  public int limit() {
    return limit;
  }
}
