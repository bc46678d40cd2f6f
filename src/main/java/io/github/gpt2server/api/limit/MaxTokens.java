package io.github.gpt2server.api.limit;

/**
 * How the server reads {@code max_tokens}.
 *
 * @param absent what it is where a request does not say
 * @param clamped whether one that does not fit ends at the context's end instead of being refused
 */
public record MaxTokens(int absent, boolean clamped) {

  /** OpenAI's default, and nothing clamped. */
  public static final MaxTokens DEFAULT = new MaxTokens(16, false);
}
