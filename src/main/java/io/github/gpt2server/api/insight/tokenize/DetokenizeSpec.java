package io.github.gpt2server.api.insight.tokenize;

/**
 * A valid request to detokenize.
 *
 * @param tokens token ids of the vocabulary
 */
record DetokenizeSpec(int[] tokens) {}
