package io.github.gpt2server.sampling;

/**
 * Drops unlikely tokens from a distribution before a token is drawn. What is left counts as
 * renormalised for the next filter. Tokens that tie are kept in order of their ids; at least one
 * token of positive probability stays.
 */
interface TruncationFilter {

  void truncate(Candidates candidates);
}
