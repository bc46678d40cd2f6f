package io.github.gpt2server.model;

/**
 * Keys and values that are copied from one slot of the KV cache to another, which holds the same
 * tokens before them.
 *
 * @param from the slot that holds them
 * @param to the slot that receives them, at the same positions
 * @param start the first position
 * @param end the position after the last
 */
public record SlotCopy(int from, int to, int start, int end) {}
