package io.github.gpt2server.model;

/**
 * Keys and values that are copied between a slot of the KV cache and a block of the prefix cache.
 *
 * @param slot the slot
 * @param start the first position in the slot, a multiple of {@link LanguageModel#blockLength}
 * @param length the number of positions, at most {@link LanguageModel#blockLength}
 * @param block the block, from its beginning
 */
public record BlockCopy(int slot, int start, int length, int block) {}
