package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.List;
import java.util.Locale;

/**
 * An increment of a choice; all of a choice that is not streamed.
 *
 * @param text the new text, possibly empty
 * @param logprobs the log-probabilities of the tokens whose text has been released, or null if none
 *     were requested
 * @param tokens the generated tokens, whose text may still be held back
 * @param finished the end of the sequence, or null
 * @param structuredMass how much of the probability the form of the text allows, in nats: a list
 *     with a number for each of {@code tokens}, or with the end one number for all choices
 *     together; null if it is not reported
 */
public record Increment(
    String text,
    List<ReportedToken> logprobs,
    List<Integer> tokens,
    SequenceEvent.Finished finished,
    Object structuredMass) {

  /** Returns whether a stream without token ids has nothing to send for this increment. */
  boolean silent() {
    return text.isEmpty()
        && finished == null
        && (logprobs == null || logprobs.isEmpty())
        && structuredMass == null;
  }

  /** The reason for which the text ended, or null if it goes on. */
  public String finishReason() {
    return finished == null ? null : finished.reason().name().toLowerCase(Locale.ROOT);
  }

  /** The stop string or token id that ended the text, or null; vLLM's {@code stop_reason}. */
  public Object stopReason() {
    if (finished == null) {
      return null;
    }
    if (finished.stopString() != null) {
      return finished.stopString();
    }
    return finished.stopToken() >= 0 ? finished.stopToken() : null;
  }
}
