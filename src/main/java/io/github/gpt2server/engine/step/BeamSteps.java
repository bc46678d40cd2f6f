package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.beam.Beam;
import io.github.gpt2server.engine.beam.Continuations;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.schedule.BeamGroup;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;
import java.util.function.Consumer;

/**
 * Turns rows of logits into continuations of beams, and publishes the results of a search that has
 * ended as if they had been generated one token after the other.
 */
final class BeamSteps {
  private final LanguageModel model;
  private final Gpt2Tokenizer tokenizer;
  private final Consumer<Sequence> onComplete;
  private int count;

  /**
   * Creates the stage.
   *
   * @param onComplete called for a sequence that publishes no more
   */
  BeamSteps(LanguageModel model, Gpt2Tokenizer tokenizer, Consumer<Sequence> onComplete) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.onComplete = onComplete;
  }

  /** Resets {@link #count}. */
  void beginStep() {
    count = 0;
  }

  /** Number of tokens published since {@link #beginStep}. */
  int count() {
    return count;
  }

  /**
   * Adds the continuations of the beam that runs in a sequence's slot.
   *
   * @param row index of its row of logits
   * @param sums normalisers of the logits
   */
  void add(Sequence sequence, int row, StepResult result, LogSumExps sums) {
    BeamGroup group = sequence.beams();
    SequenceRequest request = sequence.request();
    Beam beam = group.beam(sequence);
    List<SlotCopy> copies =
        group.add(
            beam,
            Continuations.of(
                beam,
                result.logits(row),
                sums.of(row),
                new TokenSampler(request.sampling(), request.prompt(), request.stopTokenIds()),
                request.logprobs(),
                group.considered()));
    if (!copies.isEmpty()) {
      model.fork(copies);
    }
    if (sequence.beams() == null) {
      publish(group);
    }
  }

  private void publish(BeamGroup group) {
    List<Beam> results = group.results();
    if (results.size() < group.reporting().size()) {
      throw new IllegalStateException("the request allows too few texts for its beams");
    }
    group.others().forEach(onComplete);
    for (int i = 0; i < results.size(); i++) {
      Sequence sequence = group.reporting().get(i);
      boolean complete = false;
      for (Beam beam : results.get(i).path()) {
        complete = sequence.append(beam.token(), beam.logprobs(), tokenizer);
        count++;
      }
      if (!complete) {
        throw new IllegalStateException("a beam has finished before its text");
      }
      onComplete.accept(sequence);
    }
  }
}
