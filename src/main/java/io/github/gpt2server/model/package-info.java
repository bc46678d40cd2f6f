/**
 * GPT-2 itself: configuration, weights, the TorchScript program and forward steps. The only package
 * that touches DJL's NDArrays. Knows nothing of requests: a step is plain data in, logits out.
 */
package io.github.gpt2server.model;
