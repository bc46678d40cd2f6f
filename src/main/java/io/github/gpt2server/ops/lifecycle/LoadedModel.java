package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.serving.ServedModel;

/**
 * A model that is ready to serve.
 *
 * @param served the served model
 * @param threads the number of threads of a step
 * @param kvCacheBytes the size of the KV cache, the draft model's included
 * @param dtypeReason why the server chose the type of the weights; empty if it did not
 * @param draftModel the name of the model that proposes draft tokens; empty if there is none
 */
public record LoadedModel(
    ServedModel served, int threads, long kvCacheBytes, String dtypeReason, String draftModel) {}
