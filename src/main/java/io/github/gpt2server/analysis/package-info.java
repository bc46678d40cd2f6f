/**
 * Questions about probabilities as numbers, without HTTP: what a row of logits says about the next
 * token, how likely texts of any length are, how often last words are known, which vectors texts
 * and tokens have, what goes on inside the model. Talks to {@code engine}, to {@code tokenizer}
 * and, for what the model is asked to look at, to {@code model}; knows nothing of requests or JSON.
 */
package io.github.gpt2server.analysis;
