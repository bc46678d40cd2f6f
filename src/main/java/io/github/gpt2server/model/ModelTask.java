package io.github.gpt2server.model;

/**
 * A question to the model that is no running sequence: it needs no slot of the KV cache and is
 * answered in slices, between which other people's sequences take their steps.
 *
 * @param <R> what it finds out
 */
public interface ModelTask<R> extends AutoCloseable {

  /**
   * Computes one slice, which takes about as long as reading 64 tokens of a prompt.
   *
   * @return whether there is more to compute
   */
  boolean advance();

  /** The answer, once nothing is left to compute; it stays valid after the task is closed. */
  R result();

  /** Frees what the task holds; may be called at any point of it. */
  @Override
  void close();
}
