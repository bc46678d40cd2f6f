package io.github.gpt2server.hub.download;

import io.github.gpt2server.hub.cache.CacheFailures;
import io.github.gpt2server.hub.cache.CachedRepository;

/**
 * A snapshot to download, and its place in the cache.
 *
 * @param model the hub's id
 * @param commit 40 hexadecimal digits
 * @param repository the model's part of the cache
 * @param disk explains failures of the cache's disk
 */
public record DownloadTarget(
    String model, String commit, CachedRepository repository, CacheFailures disk) {}
