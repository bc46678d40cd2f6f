/** What only this server offers: next-token probabilities, scores, tokenize and detokenize. */
package io.github.gpt2server.api.insight;
