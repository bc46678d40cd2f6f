package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TooFewTextsException;
import io.github.gpt2server.engine.schedule.BeamGroup;
import io.github.gpt2server.engine.schedule.ContrastiveGroup;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.engine.search.Beam;
import io.github.gpt2server.engine.search.Continuations;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.SlotCopy;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;
import java.util.function.Consumer;

/**
 * Turns rows of logits into continuations of beams. A contrastive search publishes each token when
 * it is selected, a beam search its results at the end, as if they had been generated one token
 * after the other.
 */
final class SearchSteps {
  private final LanguageModel model;
  private final Gpt2Tokenizer tokenizer;
  private final Consumer<Sequence> onComplete;
  private int count;

  /** Null before the first search. */
  private float[] memory;

  /**
   * Creates the stage.
   *
   * @param onComplete called for a sequence that publishes no more
   */
  SearchSteps(LanguageModel model, Gpt2Tokenizer tokenizer, Consumer<Sequence> onComplete) {
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
   * Takes the hidden states of prompt tokens.
   *
   * @param rows indices of their rows, in order
   */
  void read(Sequence sequence, int[] rows, StepResult result) {
    if (sequence.search() instanceof ContrastiveGroup group) {
      for (int row : rows) {
        group.read(result.state(row));
      }
    }
  }

  /**
   * Continues the beam that runs in a sequence's slot.
   *
   * @param row index of its row of logits
   * @param sums normalisers of the logits
   */
  void add(Sequence sequence, int row, StepResult result, LogSumExps sums) {
    Logprobs logprobs = sequence.request().logprobs();
    Beam beam = sequence.search().beam(sequence);
    Continuations continuations =
        new Continuations(
            beam, result.logits(row), sums.of(row), sequence.search().edits(), memory());
    if (sequence.search() instanceof BeamGroup group) {
      fork(group.add(beam, continuations.likeliest(logprobs, group.considered())));
      if (sequence.search() == null) {
        publish(group);
      }
    } else if (sequence.search() instanceof ContrastiveGroup group) {
      Beam selected =
          group.add(beam, result.state(row), continuations.candidates(logprobs, group.width()));
      if (selected != null) {
        goOn(group, selected);
      }
    }
  }

  /** Memory for a row of logits, overwritten by each beam. */
  private float[] memory() {
    if (memory == null) {
      memory = new float[model.vocabSize()];
    }
    return memory;
  }

  private void fork(List<SlotCopy> copies) {
    if (!copies.isEmpty()) {
      model.fork(copies);
    }
  }

  private void publish(BeamGroup group) {
    List<Beam> results = group.results();
    if (results.size() < group.reporting().size()) {
      throw new TooFewTextsException(results.size(), group.reporting().size());
    }
    group.others().forEach(onComplete);
    for (int i = 0; i < results.size(); i++) {
      Sequence sequence = group.reporting().get(i);
      boolean complete = false;
      for (Beam beam : results.get(i).path()) {
        complete = publish(sequence, beam);
      }
      if (!complete) {
        throw new IllegalStateException("a beam has finished before its text");
      }
      onComplete.accept(sequence);
    }
  }

  private void goOn(ContrastiveGroup group, Beam selected) {
    Sequence sequence = group.reporting().get(0);
    if (selected != Beam.START && publish(sequence, selected)) {
      group.end();
      group.others().forEach(onComplete);
      onComplete.accept(sequence);
    } else {
      fork(group.goOn());
    }
  }

  private boolean publish(Sequence sequence, Beam beam) {
    count++;
    return sequence.append(beam, tokenizer);
  }
}
