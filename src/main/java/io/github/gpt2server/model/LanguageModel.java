package io.github.gpt2server.model;

/**
 * A causal language model with a KV cache of {@link #slots} sequences, and a prefix cache of {@link
 * #blocks} blocks that keeps pieces of prompts. Not thread-safe: one thread makes all calls
 * (libtorch's thread pool belongs to the thread that calls it).
 */
public interface LanguageModel extends AutoCloseable {

  /** How many token ids there are. */
  int vocabSize();

  /** How many positions a sequence may have. */
  int contextLength();

  /** How many sequences the KV cache holds. */
  int slots();

  /** How many pieces of prompts the prefix cache can keep. */
  int blocks();

  /**
   * Computes one step and writes the new tokens' keys and values into the KV cache, and of pieces
   * that shall be kept into the prefix cache too. Repeating a step is harmless.
   *
   * @return the logits asked for; to be closed before the next step
   */
  StepResult step(StepPlan plan);

  /** Forgets what the KV cache holds in a slot. */
  void clear(int slot);

  @Override
  void close();
}
