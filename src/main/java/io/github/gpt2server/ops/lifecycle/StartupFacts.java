package io.github.gpt2server.ops.lifecycle;

/**
 * What the start-up line says of the model.
 *
 * @param model what clients call it
 * @param parameters how many numbers the weights have
 * @param dtype the type of the weights in memory, and why if the server chose it
 * @param device where the model runs
 * @param threads how many threads a step uses
 * @param kvCacheBytes the size of the KV cache, the draft model's included
 * @param kernels the operators that compute a step
 * @param arithmeticError the largest error that the check of these operators saw
 * @param draftModel the name of the model that proposes draft tokens; empty if there is none
 */
public record StartupFacts(
    String model,
    long parameters,
    String dtype,
    String device,
    int threads,
    long kvCacheBytes,
    String kernels,
    double arithmeticError,
    String draftModel) {}
