package io.github.gpt2server.hub.http;

/** The hub gave no useful answer: what is in the cache may do instead. */
public final class HubUnreachableException extends HubException {
  private static final long serialVersionUID = 1L;

  HubUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
