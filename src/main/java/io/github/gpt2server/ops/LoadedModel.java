package io.github.gpt2server.ops;

import io.github.gpt2server.engine.ServedModel;

/**
 * A model that is ready to serve.
 *
 * @param served what is served
 * @param threads how many threads a step uses
 * @param kvCacheBytes the size of the KV cache
 * @param dtypeReason why the server chose the type of the weights; empty if it did not
 */
public record LoadedModel(ServedModel served, int threads, long kvCacheBytes, String dtypeReason) {}
