package io.github.gpt2server.sampling;

/**
 * Mirostat, which steers the surprise of the drawn tokens towards a target (Basu et al. 2021,
 * "Mirostat: A Neural Text Decoding Algorithm that Directly Controls Perplexity").
 *
 * @param version 1 for the paper's algorithm, 2 for its simpler successor
 * @param tau the target, in bits
 * @param eta the learning rate
 */
public record Mirostat(int version, double tau, double eta) {}
