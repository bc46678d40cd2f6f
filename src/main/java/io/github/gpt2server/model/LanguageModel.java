package io.github.gpt2server.model;

import java.util.List;
import java.util.Map;

/**
 * A causal language model with a KV cache of {@link #slots} sequences, and a prefix cache of {@link
 * #blocks} blocks that retains parts of earlier ones. Not thread-safe: one thread makes all calls
 * (libtorch's thread pool belongs to the thread that calls it).
 */
public interface LanguageModel extends AutoCloseable {

  /** Number of token ids. */
  int vocabSize();

  /** Number of positions that a sequence may have. */
  int contextLength();

  /** Number of sequences that the KV cache holds. */
  int slots();

  /**
   * Number of slots that may be used before they are needed. On a CPU the system gives a slot its
   * memory when a sequence first writes to it.
   */
  default int warmUpSlots() {
    return slots();
  }

  /**
   * Returns whether a token's logits are the same bits whatever else a step computes, and whether
   * it is read or generated.
   */
  boolean reproducible();

  /** Number of blocks of the prefix cache. */
  int blocks();

  /** Number of positions that a block of the prefix cache holds. */
  int blockLength();

  /** Copies keys and values from slots of the KV cache to blocks of the prefix cache. */
  void retain(List<BlockCopy> copies);

  /** Copies keys and values from blocks of the prefix cache to slots of the KV cache. */
  void restore(List<BlockCopy> copies);

  /** Copies keys and values between slots of the KV cache, in this order. */
  void fork(List<SlotCopy> copies);

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

  /**
   * Begins to turn texts into vectors; uses no slot.
   *
   * @return for each text its vectors, {@code [1 or tokens, width]}
   */
  ModelTask<List<float[][]>> embed(EmbeddingPlan plan);

  /**
   * Begins to look for the tokens whose embeddings are nearest, by cosine, to the sum of the unit
   * vectors of the {@code positive} tokens less those of the {@code negative} ones.
   *
   * @param count how many to find, at most as many as are not given
   * @return the tokens and their cosines, nearest first, without those that were given
   */
  ModelTask<Map<Integer, Float>> nearestTokens(int[] positive, int[] negative, int count);

  @Override
  void close();
}
