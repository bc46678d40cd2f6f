package io.github.gpt2server.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The work of one model step as plain data: decided by the scheduler, executed by {@link
 * LanguageModel#step}, and easy to build by hand in a test.
 *
 * <p>The resulting logits, {@code [rows, vocab]}, have the rows of each chunk, from its token
 * {@link Chunk#logitsFrom} on, in the order of the decodes followed by that of the prompts.
 *
 * @param decodes of each decoding sequence the last known token and the draft tokens after it, with
 *     the logits of all, in ascending order of slots
 * @param prompts parts of prompts; those of one prompt are in order
 * @param states whether the rows' hidden states are requested beside their logits
 */
public record StepPlan(List<Chunk> decodes, List<Chunk> prompts, boolean states) {

  /** A plan of logits alone. */
  public StepPlan(List<Chunk> decodes, List<Chunk> prompts) {
    this(decodes, prompts, false);
  }

  /**
   * Successive tokens of a sequence, whose earlier tokens are in the KV cache or before them in the
   * plan.
   *
   * @param slot the sequence's KV-cache slot
   * @param start the position of the first token in the sequence, from 0
   * @param tokens the token ids, at least one
   * @param logitsFrom the offset of the first token whose logits are requested; {@link #length}
   *     requests none
   */
  public record Chunk(int slot, int start, int[] tokens, int logitsFrom) {

    /** The chunk of a decoding sequence: its last known token, and draft tokens. */
    public static Chunk decode(int slot, int position, int... tokens) {
      return new Chunk(slot, position, tokens, 0);
    }

    /** The number of tokens. */
    public int length() {
      return tokens.length;
    }

    /** The position after the last token. */
    public int end() {
      return start + tokens.length;
    }

    /** The number of rows of logits that the chunk requests. */
    public int logitRows() {
      return tokens.length - logitsFrom;
    }

    private Chunk withoutDrafts() {
      return decode(slot, start, tokens[0]);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Chunk chunk
          && slot == chunk.slot
          && start == chunk.start
          && logitsFrom == chunk.logitsFrom
          && Arrays.equals(tokens, chunk.tokens);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * (31 * slot + start) + logitsFrom) + Arrays.hashCode(tokens);
    }

    @Override
    public String toString() {
      return "slot %d from %d: %s, logits from %d"
          .formatted(slot, start, Arrays.toString(tokens), logitsFrom);
    }
  }

  /** Copies the lists. */
  public StepPlan {
    decodes = List.copyOf(decodes);
    prompts = List.copyOf(prompts);
  }

  /** All chunks, in the order of their rows of logits. */
  public Stream<Chunk> chunks() {
    return Stream.concat(decodes.stream(), prompts.stream());
  }

  /** The number of rows of logits of the decodes. */
  public int decodeRows() {
    return decodes.stream().mapToInt(Chunk::length).sum();
  }

  /** This plan without its draft tokens. */
  public StepPlan withoutDrafts() {
    return new StepPlan(decodes.stream().map(Chunk::withoutDrafts).toList(), prompts, states);
  }

  /** The number of sequences with draft tokens. */
  public int drafts() {
    return (int) decodes.stream().filter(chunk -> chunk.length() > 1).count();
  }

  /** The number of draft tokens. */
  public int draftTokens() {
    return decodeRows() - decodes.size();
  }

  /** The number of prompt tokens. */
  public int promptTokens() {
    return prompts.stream().mapToInt(Chunk::length).sum();
  }

  /** The number of sequences that take part. */
  public int sequences() {
    return (int) chunks().mapToInt(Chunk::slot).distinct().count();
  }

  /** Returns whether the plan contains no work. */
  public boolean isEmpty() {
    return decodes.isEmpty() && prompts.isEmpty();
  }
}
