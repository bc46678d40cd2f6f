/**
 * Tokens in answers: their text, bytes, probability and rank; shared by the endpoints that report
 * probabilities.
 */
package io.github.gpt2server.api.insight.token;
