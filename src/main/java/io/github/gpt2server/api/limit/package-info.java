/**
 * The limits of requests: the table in {@code api/limits.yaml}, the limits that depend on the
 * model, and the memory that a request reserves.
 */
package io.github.gpt2server.api.limit;
