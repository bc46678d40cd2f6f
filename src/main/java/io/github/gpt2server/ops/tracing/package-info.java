/** OpenTelemetry spans of requests. */
package io.github.gpt2server.ops.tracing;
