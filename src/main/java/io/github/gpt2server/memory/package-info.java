/**
 * The memory budget of requests: the figures of the process that it follows, and the reservations
 * in it. Depends on {@code platform} alone.
 */
package io.github.gpt2server.memory;
