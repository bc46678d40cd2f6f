package io.github.gpt2server.hub.http;

/** A hub that gives no usable answer; a cached model can replace it. */
public final class HubUnreachableException extends HubException {
  private static final long serialVersionUID = 1L;

  HubUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
