package io.github.gpt2server.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What one step of the model computes, as plain data: decided by the scheduler, executed by {@link
 * LanguageModel#step}, and easy to build by hand in a test.
 *
 * <p>The logits that come back have a row for every decode, in order, then for each piece of a
 * prompt the rows of its tokens from {@link Piece#logitsFrom} on.
 *
 * @param decodes in rounds: one new token of each of several sequences, in ascending order of
 *     slots; then of some of these a token that is guessed to come next, in the same order; and so
 *     on
 * @param pieces pieces of prompts; pieces of one prompt stand in order
 */
public record StepPlan(List<Decode> decodes, List<Piece> pieces) {

  /** Stands for no block of the prefix cache. */
  public static final int NO_BLOCK = -1;

  /**
   * The next token of a sequence whose earlier tokens are in the KV cache or in earlier rounds.
   *
   * @param slot the sequence's place in the KV cache
   * @param position the token's position in the sequence, from 0
   * @param token its id
   */
  public record Decode(int slot, int position, int token) {}

  /**
   * A piece of a prompt whose earlier pieces are in the KV cache or stand before it in the plan.
   */
  public sealed interface Piece {

    /** The sequence's place in the KV cache. */
    int slot();

    /** The position of the piece's first token. */
    int start();

    /** How many tokens it has, at least one. */
    int length();

    /**
     * The first token whose logits are wanted, counted from {@link #start}; {@link #length} wants
     * none.
     */
    int logitsFrom();

    /** The position after the piece's last token. */
    default int end() {
      return start() + length();
    }

    /** How many rows of logits this piece asks for. */
    default int logitRows() {
      return length() - logitsFrom();
    }
  }

  /**
   * A piece that is computed.
   *
   * @param tokens the ids
   * @param block the block of the prefix cache that keeps a copy of what is computed, or {@link
   *     #NO_BLOCK}
   */
  public record Chunk(int slot, int start, int[] tokens, int logitsFrom, int block)
      implements Piece {
    @Override
    public int length() {
      return tokens.length;
    }
  }

  /**
   * A piece that was computed for an earlier sequence and is copied from the prefix cache.
   *
   * @param block the block that keeps it
   */
  public record CachedChunk(int slot, int start, int length, int logitsFrom, int block)
      implements Piece {}

  /** Copies the lists, so that nobody changes them later. */
  public StepPlan {
    decodes = List.copyOf(decodes);
    pieces = List.copyOf(pieces);
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

  /** How many sequences decode. */
  private int decoding() {
    return decodes.isEmpty() ? 0 : rounds().get(0).size();
  }

  /** The same without tokens that are guessed. */
  public StepPlan withoutDrafts() {
    return new StepPlan(decodes.subList(0, decoding()), pieces);
  }

  /** How many sequences have a token guessed, or more. */
  public int drafts() {
    return draftTokens() == 0 ? 0 : rounds().get(1).size();
  }

  /** How many tokens are guessed. */
  public int draftTokens() {
    return decodes.size() - decoding();
  }

  /** The pieces that are computed. */
  public List<Chunk> chunks() {
    return of(Chunk.class).toList();
  }

  /** The pieces that are copied from the prefix cache. */
  public List<CachedChunk> cachedChunks() {
    return of(CachedChunk.class).toList();
  }

  private <P extends Piece> Stream<P> of(Class<P> kind) {
    return pieces.stream().filter(kind::isInstance).map(kind::cast);
  }

  /** How many sequences take part. */
  public int sequences() {
    int sequences = decoding();
    for (int i = 0; i < pieces.size(); i++) {
      if (i == 0 || pieces.get(i).slot() != pieces.get(i - 1).slot()) {
        sequences++;
      }
    }
    return sequences;
  }

  /** How many tokens of prompts are read. */
  public int promptTokens() {
    int tokens = 0;
    for (Piece piece : pieces) {
      tokens += piece.length();
    }
    return tokens;
  }

  /** Whether there is nothing to compute. */
  public boolean isEmpty() {
    return decodes.isEmpty() && pieces.isEmpty();
  }
}
