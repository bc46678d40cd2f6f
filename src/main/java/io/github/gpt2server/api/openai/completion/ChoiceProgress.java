package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;
import java.util.Locale;

/**
 * What a sequence's events add to its choice, piece by piece. A stream sends the pieces, a whole
 * answer joins them: so both say the same.
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
   * What is new.
   *
   * @param text may be empty
   * @param logprobs of the tokens whose text is out, or null if none were asked for
   * @param tokens the generated tokens, whose text may still be held back
   * @param finished the end, or null
   */
  record Piece(
      String text,
      CompletionResponse.Logprobs logprobs,
      List<Integer> tokens,
      SequenceEvent.Finished finished) {

    /** Whether there is nothing that a stream without token ids would send. */
    boolean silent() {
      return text.isEmpty()
          && finished == null
          && (logprobs == null || logprobs.tokens().isEmpty());
    }
  }

  /**
   * Follows a sequence from its beginning.
   *
   * @param sequence its number in the completion's generation
   */
  ChoiceProgress(ValidCompletion completion, int sequence) {
    this.request = completion.generation().sequences().get(sequence);
    this.tokenizer = completion.tokenizer();
    this.echo = completion.echo();
    this.prompt = completion.prompt(sequence);
    int promptLength = codePoints(prompt.text());
    this.shown = promptLength;
    this.logprobs =
        completion.logprobs()
            ? new LogprobsBuilder(tokenizer, request.logprobs(), promptLength)
            : null;
  }

  /** Takes the next event of the sequence. */
  Piece add(SequenceEvent event) {
    if (event instanceof SequenceEvent.PromptRead read) {
      return piece(begin(read), List.of(), null);
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
      return piece(prefix + token.text(), List.of(token.token()), null);
    }
    SequenceEvent.Finished finished = (SequenceEvent.Finished) event;
    shown += codePoints(finished.text());
    return piece(prefix + finished.text(), List.of(), finished);
  }

  private Piece piece(String text, List<Integer> tokens, SequenceEvent.Finished finished) {
    CompletionResponse.Logprobs taken = null;
    if (logprobs != null) {
      // Nothing stands past a stop string; where there is none, the end takes the rest along.
      boolean rest = finished != null && finished.stopString() == null;
      taken = rest ? logprobs.takeAll() : logprobs.takeBefore(shown);
    }
    return new Piece(text, taken, tokens, finished);
  }

  /** The echoed prompt, once. */
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

  /** A string or a token id, as vLLM tells it. */
  static Object stopReason(SequenceEvent.Finished finished) {
    if (finished.stopString() != null) {
      return finished.stopString();
    }
    return finished.stopToken() >= 0 ? finished.stopToken() : null;
  }
}
