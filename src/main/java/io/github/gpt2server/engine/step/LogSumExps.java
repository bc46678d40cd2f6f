package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Normalisers of a step's log-probabilities: {@code log(sum(exp(logits)))} of every row that needs
 * one, in nats, computed in one call before any logit is edited.
 */
final class LogSumExps {
  private final float[] byRow;

  private LogSumExps(float[] byRow) {
    this.byRow = byRow;
  }

  /** Computes the normalisers of all rows that report log-probabilities. */
  static LogSumExps of(StepPlan plan, IntFunction<Sequence> inSlot, StepResult result) {
    IntStream.Builder reporting = IntStream.builder();
    int row = 0;
    for (Chunk chunk : plan.decodes()) {
      boolean wanted = inSlot.apply(chunk.slot()).request().logprobs().wanted();
      for (int i = 0; i < chunk.length(); i++) {
        if (wanted) {
          reporting.add(row);
        }
        row++;
      }
    }
    for (Chunk chunk : plan.prompts()) {
      Sequence sequence = inSlot.apply(chunk.slot());
      int length = sequence.request().prompt().length;
      for (int i = chunk.logitsFrom(); i < chunk.length(); i++) {
        boolean last = chunk.start() + i == length - 1;
        if (sequence.request().logprobs().wanted() && (last || sequence.scores())) {
          reporting.add(row);
        }
        row++;
      }
    }
    float[] byRow = new float[row];
    int[] rows = reporting.build().toArray();
    if (rows.length > 0) {
      double[] temperatures = new double[rows.length];
      Arrays.fill(temperatures, 1);
      float[] sums = result.logSumExp(rows, temperatures);
      for (int i = 0; i < sums.length; i++) {
        byRow[rows[i]] = sums[i];
      }
    }
    return new LogSumExps(byRow);
  }

  /** The normaliser of a row that reports log-probabilities. */
  float of(int row) {
    return byRow[row];
  }
}
