package io.github.gpt2server.api.limit;

/**
 * The reading of {@code max_tokens}.
 *
 * @param absent its value where a request has none
 * @param clamped whether one that does not fit ends at the context's end instead of being refused
 */
public record MaxTokens(int absent, boolean clamped) {

  /** OpenAI's default, and nothing clamped. */
  public static final MaxTokens DEFAULT = new MaxTokens(16, false);
}
