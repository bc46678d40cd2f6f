package io.github.gpt2server.hub.cache;

import java.nio.file.Path;

/**
 * A model at a commit, complete in the cache.
 *
 * @param model the model id, as requested
 * @param commit 40 hexadecimal digits
 * @param folder the folder of its files
 */
public record Snapshot(String model, String commit, Path folder) {}
