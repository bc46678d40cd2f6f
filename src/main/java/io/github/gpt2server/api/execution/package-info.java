/**
 * A request while it runs on the engine: waiting for events, noticing that the client has left,
 * ending with the right error.
 */
package io.github.gpt2server.api.execution;
