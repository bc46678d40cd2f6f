/**
 * Tasks other than generation, such as embeddings and inspections: computed in slices, by clients
 * in turns.
 */
package io.github.gpt2server.engine.task;
