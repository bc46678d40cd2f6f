package io.github.gpt2server.hub.cache;

import java.nio.file.Path;

/**
 * A model at a commit, complete in the cache.
 *
 * @param model the hub's id, as it was asked for
 * @param commit 40 hexadecimal digits
 * @param folder where its files lie
 */
public record Snapshot(String model, String commit, Path folder) {}
