/**
 * {@code POST /v1/completions}: from the request as sent to a valid generation, and from its events
 * to chunks or one answer.
 */
package io.github.gpt2server.api.openai.completion;
