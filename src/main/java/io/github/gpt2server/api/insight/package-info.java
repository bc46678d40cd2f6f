/**
 * Endpoints beyond OpenAI's: next-token probabilities, scores, the model's internals, similar
 * tokens, tokenize and detokenize.
 */
package io.github.gpt2server.api.insight;
