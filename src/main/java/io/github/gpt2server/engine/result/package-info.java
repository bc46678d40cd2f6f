/**
 * Results of the engine: events, log-probabilities, outcomes, and the exceptions with which a
 * request fails.
 */
package io.github.gpt2server.engine.result;
