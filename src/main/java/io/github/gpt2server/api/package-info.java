/**
 * Common parts of all endpoints: the handler that turns exceptions into errors of OpenAI's shape.
 * The endpoints are in {@code api.openai} and {@code api.insight}; how a request is read, checked
 * and run is in the packages beside them.
 */
package io.github.gpt2server.api;
