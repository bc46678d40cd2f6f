/** Prometheus metrics of requests, engine and memory. */
package io.github.gpt2server.ops.metrics;
