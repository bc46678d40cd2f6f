package io.github.gpt2server.sampling;

import java.util.function.Supplier;

/**
 * The form that a sequence's text must have.
 *
 * @param begin returns the constraint at the beginning of a text, a new one for each sequence; null
 *     if every text will do
 * @param reportsMass whether the share of the probability that the form allows is reported at each
 *     token
 */
public record TextForm(Supplier<TokenConstraint> begin, boolean reportsMass) {

  /** Any text. */
  public static final TextForm ANY = new TextForm(null, false);

  /** The constraint at the beginning of a text, or null. */
  TokenConstraint start() {
    return begin == null ? null : begin.get();
  }
}
