package io.github.gpt2server.analysis;

import java.nio.charset.StandardCharsets;

/**
 * What the log-probabilities of a text's tokens come to. Bits are the text's whole surprisal over
 * the whole text's length, whether or not its first token was scored.
 *
 * @param logLikelihood the sum, in nats
 * @param scoredTokens how many tokens it is of
 * @param perplexity {@code exp(-logLikelihood / scoredTokens)}
 * @param bitsPerToken surprisal per scored token
 * @param bitsPerByte surprisal per byte of UTF-8
 * @param bitsPerCharacter surprisal per Unicode code point
 * @param bitsPerWord surprisal per run of characters between white space
 */
public record TextTotals(
    double logLikelihood,
    int scoredTokens,
    Double perplexity,
    Double bitsPerToken,
    Double bitsPerByte,
    Double bitsPerCharacter,
    Double bitsPerWord) {

  /** Adds up; where there is nothing to divide by, the quotient is null. */
  public static TextTotals of(String text, double logLikelihood, int scoredTokens) {
    double bits = scoredTokens == 0 ? 0 : -logLikelihood / Math.log(2);
    return new TextTotals(
        logLikelihood,
        scoredTokens,
        scoredTokens == 0 ? null : Math.exp(-logLikelihood / scoredTokens),
        quotient(bits, scoredTokens),
        quotient(bits, text.getBytes(StandardCharsets.UTF_8).length),
        quotient(bits, text.codePointCount(0, text.length())),
        quotient(bits, words(text)));
  }

  private static Double quotient(double bits, int count) {
    return count == 0 ? null : bits / count;
  }

  private static int words(String text) {
    int words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean white = Character.isWhitespace(text.codePointAt(i));
      words += !white && !inside ? 1 : 0;
      inside = !white;
    }
    return words;
  }
}
