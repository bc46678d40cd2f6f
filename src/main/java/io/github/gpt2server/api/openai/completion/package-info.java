/**
 * {@code POST /v1/completions}: validates a request into a generation and turns its events into one
 * response or a stream of chunks.
 */
package io.github.gpt2server.api.openai.completion;
