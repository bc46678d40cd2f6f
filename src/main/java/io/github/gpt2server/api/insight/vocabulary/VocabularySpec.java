package io.github.gpt2server.api.insight.vocabulary;

/**
 * A valid question for tokens.
 *
 * @param prefix bytes with which the tokens begin, possibly none
 * @param contains bytes that the tokens contain, possibly none
 * @param limit largest number of tokens to report
 */
record VocabularySpec(byte[] prefix, byte[] contains, int limit) {}
