/**
 * What only this server offers: next-token probabilities, scores, a look inside the model, tokenize
 * and detokenize.
 */
package io.github.gpt2server.api.insight;
