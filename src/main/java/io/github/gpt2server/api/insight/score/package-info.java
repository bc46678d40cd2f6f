/** {@code POST /v1/score}: likelihoods of texts and continuations, token by token. */
package io.github.gpt2server.api.insight.score;
