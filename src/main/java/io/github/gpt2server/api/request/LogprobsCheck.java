package io.github.gpt2server.api.request;

import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.error.ApiException;

/** Checks that an answer does not hold too many log-probabilities in memory at once. */
public final class LogprobsCheck {

  /** The limit of one answer, 40 to 80 MB. */
  private static final long MAX = 10_000_000;

  /** The size of a log-probability of a whole row. */
  private static final int ROW_BYTES = 4;

  /** The size of a token and its log-probability. */
  private static final int PAIR_BYTES = 8;

  private LogprobsCheck() {}

  /**
   * Checks one request, and reserves what it holds.
   *
   * @param field the field that asks for them
   * @param perPosition the number that each position reports
   * @param vocabSize the number that a position holds if it reports more than {@link TopTokens#FEW}
   * @param positions the number of positions that report
   * @param other what else may be lowered, such as {@code max_tokens}
   * @throws ApiException 400, if it is too much
   * @throws io.github.gpt2server.memory.MemoryExceededException if there is no memory for it
   */
  public static void check(
      String field, int perPosition, int vocabSize, long positions, String other) {
    boolean whole = perPosition > TopTokens.FEW && perPosition < vocabSize;
    int held = whole ? vocabSize : perPosition;
    if (held * positions > MAX) {
      throw ApiException.invalid(
          field,
          ("%s = %d at up to %d positions makes %d log-probabilities%s, but an answer may have at"
                  + " most %d; lower %s or %s.")
              .formatted(
                  field,
                  perPosition,
                  positions,
                  held * positions,
                  whole ? " (above %d, the whole vocabulary's count)".formatted(TopTokens.FEW) : "",
                  MAX,
                  field,
                  other));
    }
    int bytes = perPosition > TopTokens.FEW ? ROW_BYTES : PAIR_BYTES;
    RequestMemory.current().of(MemoryUse.ANSWERS).resize(held * positions * bytes);
  }
}
