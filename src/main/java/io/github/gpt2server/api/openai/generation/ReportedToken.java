package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.engine.result.TokenLogprobs;

/**
 * A token of a choice with its log-probabilities.
 *
 * @param token the token id
 * @param logprobs the engine's report, or null for a prompt's first token
 * @param offset the token's start, in code points from the start of the prompt
 */
public record ReportedToken(int token, TokenLogprobs logprobs, int offset) {}
