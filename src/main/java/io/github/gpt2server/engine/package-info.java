/**
 * Requests become a running batch and the batch becomes tokens: the bounded queue, the scheduler
 * that decides each step, the KV-cache slots and the one thread that calls the model. Talks to
 * {@code model}, {@code sampling} and, for text and stop strings, {@code tokenizer}. Knows nothing
 * of HTTP.
 */
package io.github.gpt2server.engine;
