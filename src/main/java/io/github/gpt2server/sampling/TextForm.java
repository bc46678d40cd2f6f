package io.github.gpt2server.sampling;

import java.util.function.Supplier;

/**
 * The form that a sequence's text must have.
 *
 * @param begin returns the constraint at the beginning of a text, a new one for each sequence; null
 *     if every text will do
 * @param reportsMass whether the share of the probability that the form allows is reported at each
 *     token
 * @param repeatedBytes number of bytes at the beginning of the first token that the prompt ends
 *     with already, so that they are not shown
 */
public record TextForm(Supplier<TokenConstraint> begin, boolean reportsMass, int repeatedBytes) {

  /** Any text. */
  public static final TextForm ANY = new TextForm(null, false);

  /** Creates a form of texts that are shown from their beginning. */
  public TextForm(Supplier<TokenConstraint> begin, boolean reportsMass) {
    this(begin, reportsMass, 0);
  }

  /** The constraint at the beginning of a text, or null. */
  TokenConstraint start() {
    return begin == null ? null : begin.get();
  }
}
