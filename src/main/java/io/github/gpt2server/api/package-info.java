/**
 * HTTP in and out: what every endpoint shares, that is request validation, server-sent events, the
 * error envelope, the OpenAPI document. A request body becomes a valid {@code Generation} here,
 * once; every later stage trusts it. Talks to {@code analysis}, {@code engine} and {@code
 * tokenizer}; nothing imports this package.
 */
package io.github.gpt2server.api;
