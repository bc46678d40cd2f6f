/**
 * Requests while they run on the engine: waiting for events, noticing a disconnected client, and
 * mapping the outcome to an error.
 */
package io.github.gpt2server.api.execution;
