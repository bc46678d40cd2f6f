package io.github.gpt2server.hub.http;

import java.net.URI;

/**
 * The settings {@code gpt2.hub.*}; null leaves a choice to the environment.
 *
 * @param endpoint the hub's address
 * @param token the secret for private and gated models
 * @param cache the folder of the cache
 * @param offline whether requests to the hub are disabled
 */
public record HubOptions(String endpoint, String token, String cache, Boolean offline) {

  /** Returns whether a text can be the address of a hub. */
  public static boolean isEndpoint(String text) {
    try {
      URI uri = URI.create(text);
      return uri.getHost() != null
          && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Returns whether a text can be sent as a token. */
  public static boolean isToken(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /** Leaves the token out. */
  @Override
  public String toString() {
    return "HubOptions[endpoint=%s, token=%s, cache=%s, offline=%s]"
        .formatted(endpoint, token == null ? null : "(not shown)", cache, offline);
  }
}
