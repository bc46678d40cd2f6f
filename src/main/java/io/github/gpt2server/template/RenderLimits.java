package io.github.gpt2server.template;

/**
 * The work and the memory that one rendering may take.
 *
 * @param steps evaluations of expressions and statements; reading much text counts as several
 * @param characters UTF-16 units of all texts that the template makes, the result included
 */
public record RenderLimits(long steps, long characters) {
  private static final long STEPS = 1_000_000;
  private static final long CHARACTERS = 1 << 20;

  /** The number of copies of its input that a template may make. */
  private static final long COPIES = 8;

  /** The limits for values with this number of characters. */
  public static RenderLimits of(long inputCharacters) {
    return new RenderLimits(STEPS, CHARACTERS + COPIES * inputCharacters);
  }
}
