/**
 * Beam search without the engine: the beams, which of their continuations are selected, and when
 * the search ends.
 */
package io.github.gpt2server.engine.beam;
