/**
 * Work that is no generation, such as embeddings and inspections: computed in slices, in turns
 * between callers.
 */
package io.github.gpt2server.engine.task;
