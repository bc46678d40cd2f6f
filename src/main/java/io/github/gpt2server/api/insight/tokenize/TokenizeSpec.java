package io.github.gpt2server.api.insight.tokenize;

/**
 * A valid request to tokenize a text.
 *
 * @param field the request's field that contains the text
 * @param text the text
 * @param addSpecialTokens whether the tokens that the tokenizer's files put around a text are added
 */
record TokenizeSpec(String field, String text, boolean addSpecialTokens) {}
