/**
 * Submitted requests as their callers hold them: events, cancellation, deadline and progress; and
 * the observer of all requests.
 */
package io.github.gpt2server.engine.handle;
