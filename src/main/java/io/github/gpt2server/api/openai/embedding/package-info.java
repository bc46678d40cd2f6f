/** {@code POST /v1/embeddings}: hidden states of the model as text embeddings. */
package io.github.gpt2server.api.openai.embedding;
