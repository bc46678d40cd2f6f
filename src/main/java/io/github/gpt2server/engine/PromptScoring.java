package io.github.gpt2server.engine;

import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Piece;
import io.github.gpt2server.model.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Scores the prompt tokens that follow a step's rows, those to be ranked in one call. */
final class PromptScoring {

  /** A row of logits, and the place of the prompt token that follows it. */
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

  private PromptScoring() {}

  static void run(StepPlan plan, IntFunction<Sequence> inSlot, StepResult result, LogSumExps sums) {
    List<Target> targets = targets(plan, inSlot);
    rank(targets.stream().filter(Target::ranked).toList(), result);
    for (Target target : targets) {
      SequenceRequest request = target.sequence().request();
      if (request.logprobs().wanted()) {
        target
            .sequence()
            .promptScores()
            .details()
            .add(
                TokenLogprobs.of(
                    request.logprobs(),
                    result.logits(target.row()),
                    target.token(),
                    sums.of(target.row())));
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

  private static List<Target> targets(StepPlan plan, IntFunction<Sequence> inSlot) {
    List<Target> targets = new ArrayList<>();
    int row = plan.decodes().size();
    for (Piece piece : plan.pieces()) {
      Sequence sequence = inSlot.apply(piece.slot());
      for (int i = piece.logitsFrom(); i < piece.length(); i++) {
        int position = piece.start() + i + 1;
        if (sequence.scores() && position < sequence.request().prompt().length) {
          targets.add(new Target(sequence, row, position));
        }
        row++;
      }
    }
    return targets;
  }
}
