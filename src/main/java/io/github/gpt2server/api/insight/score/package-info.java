/** {@code POST /v1/score}: how likely texts and continuations are, token by token. */
package io.github.gpt2server.api.insight.score;
