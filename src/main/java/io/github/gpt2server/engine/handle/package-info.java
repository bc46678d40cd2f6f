/**
 * A submitted request as its caller holds it: events, cancellation, deadline and progress; and the
 * observer of all of them.
 */
package io.github.gpt2server.engine.handle;
