package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Scores of the prompt tokens that follow a step's rows. */
final class PromptScoring {
  /** Scored tokens by prompt chunk of the plan. */
  private final List<List<Target>> targets;

  /** A row of logits and the position of the prompt token that follows it. */
  private record Target(Sequence sequence, int row, int position) {
    int token() {
      return sequence.request().prompt()[position];
    }

    double temperature() {
      return sequence.request().promptProbabilities().temperature();
    }

    boolean ranked() {
      return sequence.request().promptProbabilities().ranked();
    }
  }

  private PromptScoring(List<List<Target>> targets) {
    this.targets = targets;
  }

  /**
   * Ranks, in one call, the prompt tokens whose ranks are requested. Repeating it gives the same.
   */
  static PromptScoring of(StepPlan plan, IntFunction<Sequence> inSlot, StepResult result) {
    List<List<Target>> targets = targets(plan, inSlot);
    rank(targets.stream().flatMap(List::stream).filter(Target::ranked).toList(), result);
    return new PromptScoring(targets);
  }

  /**
   * Adds the log-probabilities requested for the prompt tokens that follow a chunk's rows.
   *
   * @param chunk index of the prompt chunk in the plan
   */
  void addDetails(int chunk, StepResult result, LogSumExps sums) {
    for (Target target : targets.get(chunk)) {
      Logprobs wanted = target.sequence().request().logprobs();
      if (wanted.wanted()) {
        target
            .sequence()
            .promptScores()
            .details()
            .add(
                TokenLogprobs.of(
                    wanted, result.logits(target.row()), target.token(), sums.of(target.row())));
      }
    }
  }

  private static void rank(List<Target> targets, StepResult result) {
    if (targets.isEmpty()) {
      return;
    }
    float[][] scores =
        result.score(
            targets.stream().mapToInt(Target::row).toArray(),
            targets.stream().mapToInt(Target::token).toArray(),
            targets.stream().mapToDouble(Target::temperature).toArray());
    for (int i = 0; i < targets.size(); i++) {
      Target target = targets.get(i);
      PromptScores own = target.sequence().promptScores();
      int place = target.position() - target.sequence().scoredFrom();
      own.logprobs()[place] = scores[0][i];
      own.entropies()[place] = scores[1][i];
      own.ranks()[place] = 1 + (int) scores[2][i];
    }
  }

  private static List<List<Target>> targets(StepPlan plan, IntFunction<Sequence> inSlot) {
    List<List<Target>> targets = new ArrayList<>();
    int row = plan.decodeRows();
    for (Chunk chunk : plan.prompts()) {
      Sequence sequence = inSlot.apply(chunk.slot());
      List<Target> ofChunk = new ArrayList<>();
      for (int i = chunk.logitsFrom(); i < chunk.length(); i++) {
        int position = chunk.start() + i + 1;
        if (sequence.scores() && position < sequence.request().prompt().length) {
          ofChunk.add(new Target(sequence, row, position));
        }
        row++;
      }
      targets.add(ofChunk);
    }
    return targets;
  }
}
