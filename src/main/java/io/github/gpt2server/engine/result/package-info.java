/**
 * What comes out of the engine: events, log-probabilities, reasons for the end, and the exceptions
 * that a request can fail with.
 */
package io.github.gpt2server.engine.result;
