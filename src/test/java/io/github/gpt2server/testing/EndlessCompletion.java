package io.github.gpt2server.testing;

/** A completion that no machine has answered by the time its client does something else. */
public final class EndlessCompletion {
  /** How many tokens it would generate. */
  public static final int TOKENS = 100 * 500;

  private static final String FIELDS =
      "{\"prompt\": \"The king\", \"n\": 100, \"max_tokens\": 500, \"ignore_eos\": true";

  /** The body that asks for one answer. */
  public static final String WHOLE = FIELDS + "}";

  /** The body that asks for a stream. */
  public static final String STREAM = FIELDS + ", \"stream\": true}";

  private EndlessCompletion() {}
}
