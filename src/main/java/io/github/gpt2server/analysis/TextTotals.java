package io.github.gpt2server.analysis;

import io.github.gpt2server.sampling.Bits;

/**
 * Perplexity and bits of a scored text. Bits are the total surprisal divided by the length of the
 * whole text, even if its first token is not scored.
 *
 * @param logLikelihood sum of the tokens' log-probabilities, in nats
 * @param scoredTokens number of scored tokens
 * @param perplexity {@code exp(-logLikelihood / scoredTokens)}; null if too large for a double, as
 *     above some 709 nats per token
 * @param bitsPerToken surprisal per scored token
 * @param bitsPerByte surprisal per byte of UTF-8
 * @param bitsPerCharacter surprisal per Unicode code point
 * @param bitsPerWord surprisal per run of characters without white space
 */
public record TextTotals(
    double logLikelihood,
    long scoredTokens,
    Double perplexity,
    Double bitsPerToken,
    Double bitsPerByte,
    Double bitsPerCharacter,
    Double bitsPerWord) {

  /** Computes the totals of a text; a quotient with a divisor of 0 is null. */
  public static TextTotals of(String text, double logLikelihood, int scoredTokens) {
    return of(TextSize.of(text), logLikelihood, scoredTokens);
  }

  /** Computes the totals of texts of a total size; a quotient with a divisor of 0 is null. */
  public static TextTotals of(TextSize size, double logLikelihood, long scoredTokens) {
    Double bits = scoredTokens == 0 ? null : (Double) Bits.ofNats(-logLikelihood);
    return new TextTotals(
        logLikelihood,
        scoredTokens,
        scoredTokens == 0 ? null : finite(StrictMath.exp(-logLikelihood / scoredTokens)),
        quotient(bits, scoredTokens),
        quotient(bits, size.bytes()),
        quotient(bits, size.characters()),
        quotient(bits, size.words()));
  }

  /**
   * Perplexity per word, {@code 2^bitsPerWord}: comparable between models of different
   * vocabularies. Null without {@link #bitsPerWord}, or if too large for a double.
   */
  public Double wordPerplexity() {
    return bitsPerWord == null ? null : finite(StrictMath.exp(Bits.toNats(bitsPerWord)));
  }

  private static Double finite(double value) {
    return Double.isFinite(value) ? (Double) value : null;
  }

  private static Double quotient(Double bits, long count) {
    return bits == null || count == 0 ? null : (Double) (bits / count);
  }
}
