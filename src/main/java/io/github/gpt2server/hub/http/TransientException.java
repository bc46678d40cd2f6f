package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.time.Duration;

/** The hub answered that it cannot answer now; asking again later may help. */
final class TransientException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient Duration wait;

  /**
   * Says what came.
   *
   * @param status the status of the answer
   * @param wait how long the hub asks to wait, or null
   */
  TransientException(int status, Duration wait) {
    super("it answered with status " + status);
    this.status = status;
    this.wait = wait;
  }

  int status() {
    return status;
  }

  Duration retryAfter() {
    return wait;
  }
}
