package io.github.gpt2server.engine.result;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.model.NonFiniteOutputException;

/** What happens to one sequence of a {@link Generation}, in order. */
public sealed interface SequenceEvent {

  /** The sequence's place in {@link Generation#sequences()}. */
  int sequence();

  /** About how much memory it takes. */
  long bytes();

  /** Whether every number of the model's that it reports is one, and finite. */
  default boolean finite() {
    return true;
  }

  /**
   * The prompt was read; sent only when {@link PromptProbabilities} were asked for.
   *
   * @param nextTokenLogits all logits after the last prompt token, {@code [vocab]}, or null
   * @param scores of the scored prompt tokens, or null
   */
  record PromptRead(int sequence, float[] nextTokenLogits, PromptScores scores)
      implements SequenceEvent {

    @Override
    public long bytes() {
      return (nextTokenLogits == null ? 0 : 4L * nextTokenLogits.length)
          + (scores == null ? 0 : scores.bytes());
    }

    @Override
    public boolean finite() {
      return (nextTokenLogits == null || NonFiniteOutputException.allFinite(nextTokenLogits))
          && (scores == null || scores.finite());
    }
  }

  /**
   * A token was generated.
   *
   * @param token its id
   * @param text whole characters that can be shown now; empty while a character is incomplete or
   *     may be the beginning of a stop string
   * @param logprobs the log-probabilities asked for, or null
   */
  record Token(int sequence, int token, String text, TokenLogprobs logprobs)
      implements SequenceEvent {

    /** The event itself, its text and its place in the queue. */
    public static final long BYTES = 160;

    @Override
    public long bytes() {
      return BYTES + (logprobs == null ? 0 : logprobs.bytes());
    }

    @Override
    public boolean finite() {
      return logprobs == null || logprobs.finite();
    }
  }

  /**
   * The sequence is complete.
   *
   * @param reason why
   * @param text what was still held back and can be shown now
   * @param stopToken the stop token that ended it, or -1
   * @param stopString the stop string that ended it, or null
   * @param cachedTokens prompt tokens taken from the prefix cache
   */
  record Finished(
      int sequence,
      FinishReason reason,
      String text,
      int stopToken,
      String stopString,
      int cachedTokens)
      implements SequenceEvent {

    @Override
    public long bytes() {
      return Token.BYTES;
    }
  }
}
