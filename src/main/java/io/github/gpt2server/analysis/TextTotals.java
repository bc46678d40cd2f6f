package io.github.gpt2server.analysis;

/**
 * What the log-probabilities of a text's tokens come to. Bits are the text's whole surprisal over
 * the whole text's length, whether or not its first token was scored.
 *
 * @param logLikelihood the sum, in nats
 * @param scoredTokens how many tokens it is of
 * @param perplexity {@code exp(-logLikelihood / scoredTokens)}; null if it is too large for a
 *     double, as above some 709 nats per token
 * @param bitsPerToken surprisal per scored token
 * @param bitsPerByte surprisal per byte of UTF-8
 * @param bitsPerCharacter surprisal per Unicode code point
 * @param bitsPerWord surprisal per run of characters between white space
 */
public record TextTotals(
    double logLikelihood,
    long scoredTokens,
    Double perplexity,
    Double bitsPerToken,
    Double bitsPerByte,
    Double bitsPerCharacter,
    Double bitsPerWord) {

  /** Adds up; where nothing was scored or there is nothing to divide by, the quotient is null. */
  public static TextTotals of(String text, double logLikelihood, int scoredTokens) {
    return of(TextSize.of(text), logLikelihood, scoredTokens);
  }

  /** The same for texts of this size altogether. */
  public static TextTotals of(TextSize size, double logLikelihood, long scoredTokens) {
    Double bits = scoredTokens == 0 ? null : (Double) (-logLikelihood / Math.log(2));
    return new TextTotals(
        logLikelihood,
        scoredTokens,
        scoredTokens == 0 ? null : finite(Math.exp(-logLikelihood / scoredTokens)),
        quotient(bits, scoredTokens),
        quotient(bits, size.bytes()),
        quotient(bits, size.characters()),
        quotient(bits, size.words()));
  }

  /**
   * Two to the power of {@link #bitsPerWord}, which models of other tokens can be compared by; null
   * without that, or if it is too large for a double.
   */
  public Double wordPerplexity() {
    return bitsPerWord == null ? null : finite(Math.exp(bitsPerWord * Math.log(2)));
  }

  private static Double finite(double value) {
    return Double.isFinite(value) ? (Double) value : null;
  }

  private static Double quotient(Double bits, long count) {
    return bits == null || count == 0 ? null : (Double) (bits / count);
  }
}
