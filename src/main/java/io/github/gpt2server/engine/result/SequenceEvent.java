package io.github.gpt2server.engine.result;

import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.model.NonFiniteOutputException;

/** Event of one sequence of a {@link Generation}; a sequence's events are in order. */
public sealed interface SequenceEvent {

  /** Index of the sequence in {@link Generation#sequences()}. */
  int sequence();

  /** Approximate size, in bytes. */
  long bytes();

  /** Returns whether every reported number is finite. */
  default boolean finite() {
    return true;
  }

  /**
   * The prompt was read. Sent only if {@link PromptProbabilities} were requested.
   *
   * @param nextTokenLogits logits after the last prompt token, {@code [vocab]}, or null
   * @param scores scores of the prompt tokens, or null
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
   * @param token the token id
   * @param text complete characters that can be shown now; empty while a character is incomplete or
   *     a stop string may have begun
   * @param logprobs the requested log-probabilities, or null
   * @param logMass the logarithm of the share of the probability that the form of the text allowed,
   *     in nats; NaN if it is not reported
   */
  record Token(int sequence, int token, String text, TokenLogprobs logprobs, double logMass)
      implements SequenceEvent {

    /** An event without the share of the probability that a form allowed. */
    public Token(int sequence, int token, String text, TokenLogprobs logprobs) {
      this(sequence, token, text, logprobs, Double.NaN);
    }

    /** Approximate size of an event with its text and queue node, in bytes. */
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
   * @param reason why it is complete
   * @param text text that was held back and can be shown now
   * @param stopToken the stop token that ended it, or -1
   * @param stopString the stop string that ended it, or null
   * @param cachedTokens number of prompt tokens from the prefix cache
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
