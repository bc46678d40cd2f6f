package io.github.gpt2server.model;

import java.util.List;

/**
 * What one step of the model computes, as plain data: decided by the scheduler, executed by {@link
 * LanguageModel#step}, and easy to build by hand in a test.
 *
 * <p>The logits that come back have a row for every decode, in order, then for each chunk the rows
 * of its tokens from {@link Chunk#logitsFrom} on.
 *
 * @param decodes one new token of each of several sequences, in ascending order of slots
 * @param chunks pieces of prompts; pieces of one prompt stand in order
 */
public record StepPlan(List<Decode> decodes, List<Chunk> chunks) {

  /**
   * The next token of a sequence whose earlier tokens are in the KV cache.
   *
   * @param slot the sequence's place in the KV cache
   * @param position the token's position in the sequence, from 0
   * @param token its id
   */
  public record Decode(int slot, int position, int token) {}

  /**
   * A piece of a prompt whose earlier pieces are in the KV cache or stand before it in this plan.
   *
   * @param slot the sequence's place in the KV cache
   * @param start the position of the first token
   * @param tokens the ids, at least one
   * @param logitsFrom index into {@code tokens} of the first whose logits are wanted; {@code
   *     tokens.length} wants none
   */
  public record Chunk(int slot, int start, int[] tokens, int logitsFrom) {

    /** How many rows of logits this chunk asks for. */
    public int logitRows() {
      return tokens.length - logitsFrom;
    }
  }

  /** Copies the lists, so that nobody changes them later. */
  public StepPlan {
    decodes = List.copyOf(decodes);
    chunks = List.copyOf(chunks);
  }

  /** Whether there is nothing to compute. */
  public boolean isEmpty() {
    return decodes.isEmpty() && chunks.isEmpty();
  }
}
