package io.github.gpt2server.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The work of one model step as plain data: decided by the scheduler, executed by {@link
 * LanguageModel#step}, and easy to build by hand in a test.
 *
 * <p>The resulting logits, {@code [rows, vocab]}, have a row for each decode, in order, followed by
 * the rows of each prompt chunk, from its token {@link PromptChunk#logitsFrom} on.
 *
 * @param decodes rounds of tokens: first the last known token of each decoding sequence, in
 *     ascending order of slots; then the first draft token of some of these sequences, in the same
 *     order; then the second, and so on
 * @param chunks prompt chunks; those of one prompt are in order
 */
public record StepPlan(List<Decode> decodes, List<PromptChunk> chunks) {

  /** The block index that means "no block of the prefix cache". */
  public static final int NO_BLOCK = -1;

  /**
   * One token of a sequence whose earlier tokens are in the KV cache or in earlier rounds.
   *
   * @param slot the sequence's KV-cache slot
   * @param position the token's position in the sequence, from 0
   * @param token its id
   */
  public record Decode(int slot, int position, int token) {}

  /** Part of a prompt whose earlier chunks are in the KV cache or come before it in the plan. */
  public sealed interface PromptChunk {

    /** The sequence's KV-cache slot. */
    int slot();

    /** The position of the chunk's first token. */
    int start();

    /** The number of tokens, at least one. */
    int length();

    /**
     * The offset from {@link #start} of the first token whose logits are requested; {@link #length}
     * requests none.
     */
    int logitsFrom();

    /** The position after the chunk's last token. */
    default int end() {
      return start() + length();
    }

    /** The number of rows of logits that this chunk requests. */
    default int logitRows() {
      return length() - logitsFrom();
    }
  }

  /**
   * A chunk to be computed.
   *
   * @param tokens the token ids
   * @param block the prefix-cache block that receives a copy of its keys and values, or {@link
   *     #NO_BLOCK}
   */
  public record ComputedChunk(int slot, int start, int[] tokens, int logitsFrom, int block)
      implements PromptChunk {
    @Override
    public int length() {
      return tokens.length;
    }
  }

  /**
   * A chunk that was computed for an earlier sequence and is copied from the prefix cache.
   *
   * @param block the prefix-cache block that holds its keys and values
   */
  public record CachedChunk(int slot, int start, int length, int logitsFrom, int block)
      implements PromptChunk {}

  /** Copies the lists. */
  public StepPlan {
    decodes = List.copyOf(decodes);
    chunks = List.copyOf(chunks);
  }

  /** The decodes of each round. */
  public List<List<Decode>> rounds() {
    List<List<Decode>> rounds = new ArrayList<>();
    int start = 0;
    for (int end = 1; end <= decodes.size(); end++) {
      // A round has some of the slots of the round before, so that it cannot begin above its end.
      if (end == decodes.size() || decodes.get(end).slot() <= decodes.get(end - 1).slot()) {
        rounds.add(decodes.subList(start, end));
        start = end;
      }
    }
    return rounds;
  }

  /** The number of decoding sequences. */
  private int decoding() {
    return decodes.isEmpty() ? 0 : rounds().get(0).size();
  }

  /** This plan without its draft tokens. */
  public StepPlan withoutDrafts() {
    return new StepPlan(decodes.subList(0, decoding()), chunks);
  }

  /** The number of sequences with draft tokens. */
  public int drafts() {
    return draftTokens() == 0 ? 0 : rounds().get(1).size();
  }

  /** The number of draft tokens. */
  public int draftTokens() {
    return decodes.size() - decoding();
  }

  /** The chunks to be computed. */
  public List<ComputedChunk> computedChunks() {
    return of(ComputedChunk.class).toList();
  }

  /** The chunks to be copied from the prefix cache. */
  public List<CachedChunk> cachedChunks() {
    return of(CachedChunk.class).toList();
  }

  private <P extends PromptChunk> Stream<P> of(Class<P> kind) {
    return chunks.stream().filter(kind::isInstance).map(kind::cast);
  }

  /** The number of sequences that take part. */
  public int sequences() {
    int sequences = decoding();
    for (int i = 0; i < chunks.size(); i++) {
      if (i == 0 || chunks.get(i).slot() != chunks.get(i - 1).slot()) {
        sequences++;
      }
    }
    return sequences;
  }

  /** The number of prompt tokens, computed and copied. */
  public int promptTokens() {
    int tokens = 0;
    for (PromptChunk chunk : chunks) {
      tokens += chunk.length();
    }
    return tokens;
  }

  /** Returns whether the plan contains no work. */
  public boolean isEmpty() {
    return decodes.isEmpty() && chunks.isEmpty();
  }
}
