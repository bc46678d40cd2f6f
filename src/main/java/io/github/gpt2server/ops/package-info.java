/**
 * Running the server: a package each for its life cycle, health, metrics, traces and the log of
 * exchanges. Observes the engine and stops it; takes no part in answering a request.
 */
package io.github.gpt2server.ops;
