package io.github.gpt2server.model;

/**
 * The size of the caches of keys and values.
 *
 * @param slots how many sequences run at once; each has room for the whole context
 * @param blocks how many blocks the prefix cache keeps, 0 for none
 * @param blockLength how many tokens a block holds
 */
public record CacheSize(int slots, int blocks, int blockLength) {}
