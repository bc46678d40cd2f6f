package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;
import java.util.Locale;

/**
 * Turns the events of a sequence into increments of its choice. A stream sends the increments, a
 * whole response joins them, so both have the same content.
 */
final class ChoiceProgress {
  private final SequenceRequest request;
  private final Gpt2Tokenizer tokenizer;
  private final boolean echo;
  private final PromptTokens prompt;
  private final LogprobsBuilder logprobs;
  private boolean begun;
  private int shown;

  /**
   * An increment of a choice.
   *
   * @param text the new text, possibly empty
   * @param logprobs the log-probabilities of the tokens whose text has been released, or null if
   *     none were requested
   * @param tokens the generated tokens, whose text may still be held back
   * @param finished the end of the sequence, or null
   */
  record Increment(
      String text,
      CompletionResponse.Logprobs logprobs,
      List<Integer> tokens,
      SequenceEvent.Finished finished) {

    /** Returns whether a stream without token ids has nothing to send for this increment. */
    boolean silent() {
      return text.isEmpty()
          && finished == null
          && (logprobs == null || logprobs.tokens().isEmpty());
    }
  }

  /**
   * Progress of a sequence before its first event.
   *
   * @param sequence the sequence's index in the generation
   */
  ChoiceProgress(CompletionSpec spec, int sequence) {
    this.request = spec.generation().sequences().get(sequence);
    this.tokenizer = spec.tokenizer();
    this.echo = spec.echo();
    this.prompt = spec.prompt(sequence);
    int promptLength = codePoints(prompt.text());
    this.shown = promptLength;
    this.logprobs =
        spec.logprobs() ? new LogprobsBuilder(tokenizer, request.logprobs(), promptLength) : null;
  }

  /** Adds the next event of the sequence. */
  Increment add(SequenceEvent event) {
    if (event instanceof SequenceEvent.PromptRead read) {
      return increment(begin(read), List.of(), null);
    }
    String prefix = begin(null);
    if (event instanceof SequenceEvent.Token token) {
      boolean ends = request.stopTokenIds().contains(token.token());
      if (logprobs != null) {
        boolean addsText =
            (!ends || request.includeStopString()) && !tokenizer.special(token.token());
        logprobs.addGenerated(token.token(), token.logprobs(), addsText);
      }
      shown += codePoints(token.text());
      return increment(prefix + token.text(), List.of(token.token()), null);
    }
    SequenceEvent.Finished finished = (SequenceEvent.Finished) event;
    shown += codePoints(finished.text());
    return increment(prefix + finished.text(), List.of(), finished);
  }

  private Increment increment(String text, List<Integer> tokens, SequenceEvent.Finished finished) {
    CompletionResponse.Logprobs taken = null;
    if (logprobs != null) {
      // No token past a stop string is reported; without one, the end releases all that are left.
      boolean rest = finished != null && finished.stopString() == null;
      taken = rest ? logprobs.takeAll() : logprobs.takeBefore(shown);
    }
    return new Increment(text, taken, tokens, finished);
  }

  /** The echoed prompt at the first call, later an empty string. */
  private String begin(SequenceEvent.PromptRead read) {
    if (begun || !echo) {
      return "";
    }
    begun = true;
    if (logprobs != null) {
      logprobs.addPrompt(prompt, read == null ? List.of() : read.scores().details());
    }
    return prompt.text();
  }

  private static int codePoints(String text) {
    return text.codePointCount(0, text.length());
  }

  static String finishReason(SequenceEvent.Finished finished) {
    return finished.reason().name().toLowerCase(Locale.ROOT);
  }

  /** The stop string or token id that ended the text, or null; vLLM's {@code stop_reason}. */
  static Object stopReason(SequenceEvent.Finished finished) {
    if (finished.stopString() != null) {
      return finished.stopString();
    }
    return finished.stopToken() >= 0 ? finished.stopToken() : null;
  }
}
