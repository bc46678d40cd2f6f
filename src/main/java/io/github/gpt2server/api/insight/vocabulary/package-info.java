/** {@code GET /v1/vocabulary}: the model's tokens, searched by their text. */
package io.github.gpt2server.api.insight.vocabulary;
