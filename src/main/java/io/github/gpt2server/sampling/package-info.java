/**
 * Logits become a token: penalties, bias, temperature, truncation, seeded draws. Plain Java on
 * plain buffers; no type of DJL, nothing of requests or HTTP. Depends on no other package.
 *
 * <p>{@code TokenSampler} is what the engine holds, one per sequence. Behind it a {@code
 * LogitsProcessor} edits logits, a {@code TruncationFilter} drops {@code Candidates}. The softmax
 * between the two is the caller's: exponentials over the vocabulary belong in libtorch.
 */
package io.github.gpt2server.sampling;
