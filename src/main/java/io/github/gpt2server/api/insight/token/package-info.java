/**
 * Tokens in requests and responses: their text, bytes, probability and rank; shared by the
 * endpoints below {@code insight}.
 */
package io.github.gpt2server.api.insight.token;
