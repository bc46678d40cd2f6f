/** {@code POST /v1/embeddings}. */
package io.github.gpt2server.api.openai.embedding;
