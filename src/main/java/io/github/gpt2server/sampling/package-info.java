/**
 * Picking a token from logits: penalties, bias, temperature, truncation, seeded draws. Pure Java on
 * plain buffers, without DJL, requests or HTTP. Depends on no other package.
 *
 * <p>The engine holds a {@code TokenSampler} per sequence, which applies {@code LogitsProcessor}s
 * to logits and {@code TruncationFilter}s to {@code Candidates}. The softmax between the two is the
 * caller's: exponentials over the vocabulary belong in libtorch.
 */
package io.github.gpt2server.sampling;
