/**
 * Running the server: metrics, health, API keys, graceful shutdown. Observes the engine, takes no
 * part in answering a request.
 */
package io.github.gpt2server.ops;
