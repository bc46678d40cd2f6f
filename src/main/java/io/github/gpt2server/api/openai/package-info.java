/** The OpenAI wire format: completions and models, as OpenAI's clients expect them. */
package io.github.gpt2server.api.openai;
