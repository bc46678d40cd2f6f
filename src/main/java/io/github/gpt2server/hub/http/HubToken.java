package io.github.gpt2server.hub.http;

/**
 * A secret that authenticates requests to the hub.
 *
 * @param value the secret
 * @param source the setting, variable or file that it comes from, for messages
 */
public record HubToken(String value, String source) {

  /** Leaves the secret out. */
  @Override
  public String toString() {
    return "the token of " + source;
  }
}
