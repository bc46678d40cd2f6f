/**
 * Start and end of the process: loading the model, the start-up line, readiness, graceful shutdown,
 * and the end of a process that cannot go on.
 */
package io.github.gpt2server.ops.lifecycle;
