package io.github.gpt2server.hub.http;

/**
 * A secret that tells the hub who asks.
 *
 * @param value what is sent
 * @param source where it was found, for messages
 */
public record HubToken(String value, String source) {

  /** Without the secret. */
  @Override
  public String toString() {
    return "the token of " + source;
  }
}
