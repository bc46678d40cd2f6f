package io.github.gpt2server.model;

/**
 * A causal language model with a KV cache of {@link #slots} sequences. Not thread-safe: one thread
 * makes all calls (libtorch's thread pool belongs to the thread that calls it).
 */
public interface LanguageModel extends AutoCloseable {

  /** How many token ids there are. */
  int vocabSize();

  /** How many positions a sequence may have. */
  int contextLength();

  /** How many sequences the KV cache holds. */
  int slots();

  /**
   * Computes one step and writes the new tokens' keys and values into the KV cache. Repeating a
   * step is harmless.
   *
   * @return the logits asked for; to be closed before the next step
   */
  StepResult step(StepPlan plan);

  /**
   * Begins to look inside the model while it reads a text; touches no slot of the KV cache.
   *
   * @return the work, to be closed before the model is
   */
  ModelTask<InspectionResult> inspect(Inspection inspection);

  /** Forgets what the KV cache holds in a slot. */
  void clear(int slot);

  @Override
  void close();
}
