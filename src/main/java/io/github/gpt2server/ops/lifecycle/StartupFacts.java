package io.github.gpt2server.ops.lifecycle;

/**
 * Facts about the model for the start-up line.
 *
 * @param model the name that clients use
 * @param parameters the number of weights
 * @param dtype the type of the weights in memory, and why if the server chose it
 * @param device the device of the model, such as {@code cpu}
 * @param threads the number of threads of a step
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
