/** {@code POST /v1/next-token}: the distribution of the token that comes next. */
package io.github.gpt2server.api.insight.nexttoken;
