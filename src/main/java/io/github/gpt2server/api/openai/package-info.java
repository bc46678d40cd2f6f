/** The OpenAI wire format: completions, embeddings and models, as OpenAI's clients expect them. */
package io.github.gpt2server.api.openai;
