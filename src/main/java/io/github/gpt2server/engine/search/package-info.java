/**
 * Searches for texts without the engine: the beams, which of their continuations are selected, and
 * when a search ends.
 */
package io.github.gpt2server.engine.search;
