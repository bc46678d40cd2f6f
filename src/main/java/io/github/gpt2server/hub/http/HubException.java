package io.github.gpt2server.hub.http;

/**
 * A model that cannot be fetched or found in the cache. The message is one sentence for the
 * operator: what is wrong, with its values, and how to fix it.
 */
public class HubException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public HubException(String message) {
    super(message);
  }

  public HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
