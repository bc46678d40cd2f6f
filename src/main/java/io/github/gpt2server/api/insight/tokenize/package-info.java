/** {@code POST /v1/tokenize} and {@code /v1/detokenize}, and the same under vLLM's paths. */
package io.github.gpt2server.api.insight.tokenize;
