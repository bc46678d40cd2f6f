/**
 * The engine: one thread that owns the model and turns requests into steps. {@code Engine} is the
 * face; what callers submit is in {@code engine.request}, what they get in {@code engine.result}
 * and {@code engine.handle}. The other packages under it are its own; see {@code Engine} for
 * threads, states and failures.
 */
package io.github.gpt2server.engine;
