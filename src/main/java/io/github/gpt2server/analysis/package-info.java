/**
 * Questions about probabilities as numbers, without HTTP: what a row of logits says about the next
 * token, how likely texts of any length are, how often last words are known, which vectors texts
 * and tokens have. Talks to {@code engine}, {@code model} and {@code tokenizer}; knows nothing of
 * requests or JSON.
 */
package io.github.gpt2server.analysis;
