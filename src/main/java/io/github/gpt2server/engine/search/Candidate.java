package io.github.gpt2server.engine.search;

/**
 * A token that contrastive search considers.
 *
 * @param beam the generated tokens up to and with it
 * @param probability its probability
 */
public record Candidate(Beam beam, double probability) {}
