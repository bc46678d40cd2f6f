/** {@code POST /v1/next-token}: the probability distribution of the next token. */
package io.github.gpt2server.api.insight.nexttoken;
