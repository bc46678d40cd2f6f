package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;

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
  private final boolean reportsMass;

  /** The log-probability of all choices together, or null. */
  private final Double choiceMass;

  private boolean begun;
  private int shown;

  /**
   * Progress of a sequence before its first event.
   *
   * @param sequence the sequence's index in the generation
   */
  ChoiceProgress(GenerationSpec spec, int sequence) {
    this.request = spec.generation().sequences().get(sequence);
    this.tokenizer = spec.tokenizer();
    this.echo = spec.echo();
    this.prompt = spec.prompt(sequence);
    int promptLength = codePoints(prompt.text());
    this.shown = promptLength;
    this.reportsMass = spec.reportsMass();
    this.choiceMass = spec.choiceMasses() == null ? null : spec.choiceMasses().get(sequence);
    this.logprobs =
        spec.logprobs() ? new LogprobsBuilder(tokenizer, promptLength, prompt.healed()) : null;
  }

  /** Adds the next event of the sequence. */
  Increment add(SequenceEvent event) {
    if (event instanceof SequenceEvent.PromptRead read) {
      return increment(begin(read), List.of(), null, null);
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
      return increment(prefix + token.text(), List.of(token.token()), null, mass(token));
    }
    SequenceEvent.Finished finished = (SequenceEvent.Finished) event;
    shown += codePoints(finished.text());
    return increment(
        prefix + finished.text(), List.of(), finished, reportsMass ? choiceMass : null);
  }

  private List<Double> mass(SequenceEvent.Token token) {
    return reportsMass && choiceMass == null ? List.of(token.logMass()) : null;
  }

  private Increment increment(
      String text, List<Integer> tokens, SequenceEvent.Finished finished, Object mass) {
    List<ReportedToken> taken = null;
    if (logprobs != null) {
      // No token past a stop string is reported; without one, the end releases all that are left.
      boolean rest = finished != null && finished.stopString() == null;
      taken = rest ? logprobs.takeAll() : logprobs.takeBefore(shown);
    }
    return new Increment(text, taken, tokens, finished, mass);
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
}
