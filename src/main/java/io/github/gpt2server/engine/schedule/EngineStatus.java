package io.github.gpt2server.engine.schedule;

/**
 * Snapshot of the engine for metrics and health.
 *
 * @param waiting number of requests in the queue
 * @param running number of sequences that hold a KV-cache slot
 * @param slots number of KV-cache slots
 * @param kvCacheUsage share of the KV cache's positions in use, 0 to 1
 * @param prefixCache usage and hits of the prefix cache
 * @param alive whether the engine thread runs
 * @param accepting whether new requests are accepted
 */
public record EngineStatus(
    int waiting,
    int running,
    int slots,
    double kvCacheUsage,
    PrefixCacheStatus prefixCache,
    boolean alive,
    boolean accepting) {}
