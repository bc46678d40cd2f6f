/** {@code POST /v1/most-similar}: the tokens with the most similar embeddings. */
package io.github.gpt2server.api.insight.similar;
