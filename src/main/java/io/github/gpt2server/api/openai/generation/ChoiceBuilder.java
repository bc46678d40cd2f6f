package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.List;

/** Joins the increments of one sequence into a choice. */
final class ChoiceBuilder {
  private final ChoiceProgress progress;
  private final List<ReportedToken> logprobs;
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> tokens = new ArrayList<>();
  private final List<Double> masses = new ArrayList<>();
  private Object mass;
  private double logprobSum;
  private SequenceEvent.Finished finished;

  ChoiceBuilder(ChoiceProgress progress, boolean withLogprobs) {
    this.progress = progress;
    this.logprobs = withLogprobs ? new ArrayList<>() : null;
  }

  void add(SequenceEvent event) {
    if (event instanceof SequenceEvent.Token token && token.logprobs() != null) {
      logprobSum += token.logprobs().logprob();
    }
    Increment increment = progress.add(event);
    text.append(increment.text());
    tokens.addAll(increment.tokens());
    if (logprobs != null) {
      logprobs.addAll(increment.logprobs());
    }
    if (event instanceof SequenceEvent.Token token && increment.structuredMass() != null) {
      masses.add(token.logMass());
      mass = masses;
    } else if (increment.structuredMass() != null) {
      mass = increment.structuredMass();
    }
    if (increment.finished() != null) {
      finished = increment.finished();
    }
  }

  int completionTokens() {
    return tokens.size();
  }

  int cachedTokens() {
    return finished.cachedTokens();
  }

  /** The mean log-probability of the generated tokens, by which {@code best_of} ranks choices. */
  double meanLogprob() {
    return tokens.isEmpty() ? 0 : logprobSum / tokens.size();
  }

  /** The complete choice. */
  Increment build() {
    return new Increment(text.toString(), logprobs, tokens, finished, mass);
  }
}
