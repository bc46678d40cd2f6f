/**
 * Running the server: start-up and its line, health, metrics, traces, the access log, API keys,
 * CORS, graceful shutdown. Watches the engine and winds it down, takes no part in answering a
 * request. Talks to {@code engine} alone; its settings come as plain arguments.
 */
package io.github.gpt2server.ops;
