package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.time.Duration;

/** An answer that the hub cannot serve the request now; repeating it later may help. */
final class TransientException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final transient Duration wait;

  /**
   * Describes the answer.
   *
   * @param status the status of the answer
   * @param wait the pause that the hub asks for, or null
   */
  TransientException(int status, Duration wait) {
    super("the answer has status " + status);
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
