package io.github.gpt2server.engine.schedule;

/**
 * A glance at the engine, for metrics and health.
 *
 * @param waiting requests in the queue
 * @param running sequences that hold a KV-cache slot
 * @param kvCacheUsage share of the KV cache's positions in use, 0 to 1
 * @param prefixCache what the prefix cache holds and gave
 * @param alive whether the engine thread runs
 * @param accepting whether new requests are taken
 */
public record EngineStatus(
    int waiting,
    int running,
    double kvCacheUsage,
    PrefixCacheStatus prefixCache,
    boolean alive,
    boolean accepting) {}
