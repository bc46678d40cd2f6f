/**
 * Analyses of probabilities without HTTP: the distribution of the next token, scores of texts of
 * any length, last-word accuracy, vectors of texts and tokens, inspection of the model's
 * activations. Uses {@code engine}, {@code tokenizer}, the plans of {@code model} and the ranking
 * of {@code sampling}; knows nothing of requests or JSON.
 */
package io.github.gpt2server.analysis;
