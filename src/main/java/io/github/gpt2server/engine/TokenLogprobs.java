package io.github.gpt2server.engine;

/**
 * Log-probabilities at one position, in nats, of the model's own distribution.
 *
 * @param logprob of the token that stands there
 * @param top the likeliest tokens, or null if none were asked for
 * @param others of the further tokens that were asked for, in their order, or null
 */
public record TokenLogprobs(float logprob, TopTokens top, float[] others) {}
