/**
 * The engine: one thread that owns the model and turns requests into steps. {@code Engine} is the
 * face; requests are in {@code engine.request}, results in {@code engine.result} and {@code
 * engine.handle}. The other packages under it are internal. {@code Engine} documents threads,
 * states and failures.
 */
package io.github.gpt2server.engine;
