/** {@code GET /v1/models}. */
package io.github.gpt2server.api.openai.model;
