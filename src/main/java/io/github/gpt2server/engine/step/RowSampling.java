package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.TokenSampler;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;

/** Samples the next tokens of the sequences that are not greedy. */
final class RowSampling {
  private final SamplingThreads threads;
  private final BiConsumer<Sequence, Runnable> attempt;

  /**
   * A row of logits from which a sequence's next token is picked.
   *
   * @param edited whether penalties or bias are written over the logits
   * @param rawLogits a copy of the logits before that, {@code [vocab]}, if a log-probability needs
   *     them, else null
   */
  record Row(Sequence sequence, int index, boolean edited, float[] rawLogits) {}

  /**
   * Creates a sampling stage.
   *
   * @param attempt runs an action for a sequence; a failure ends the request of that sequence alone
   */
  RowSampling(SamplingThreads threads, BiConsumer<Sequence, Runnable> attempt) {
    this.threads = threads;
    this.attempt = attempt;
  }

  /**
   * Samples with one softmax over all rows, and the draws in parallel. If that softmax fails, each
   * row gets its own.
   *
   * @return completed draws by index of the row, without greedy sequences
   */
  Map<Integer, FutureTask<Integer>> sample(List<Row> rows, StepResult result) {
    List<Row> sampled = rows.stream().filter(row -> !row.sequence().sampler().greedy()).toList();
    Map<Integer, FutureTask<Integer>> draws = new LinkedHashMap<>();
    if (sampled.isEmpty()) {
      return draws;
    }
    FloatBuffer[] probabilities = null;
    try {
      probabilities = softmax(sampled, result);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
    }
    if (probabilities == null) {
      for (Row alone : sampled) {
        attempt.accept(
            alone.sequence(), () -> draw(List.of(alone), softmax(List.of(alone), result), draws));
      }
    } else {
      draw(sampled, probabilities, draws);
    }
    return draws;
  }

  private static FloatBuffer[] softmax(List<Row> rows, StepResult result) {
    return result.softmax(
        rows.stream().mapToInt(Row::index).toArray(),
        rows.stream().mapToDouble(row -> row.sequence().sampler().temperature()).toArray());
  }

  private void draw(
      List<Row> rows, FloatBuffer[] probabilities, Map<Integer, FutureTask<Integer>> draws) {
    List<FutureTask<Integer>> tasks = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      TokenSampler sampler = rows.get(i).sequence().sampler();
      FloatBuffer row = probabilities[i];
      tasks.add(new FutureTask<>(() -> sampler.sample(row)));
    }
    threads.run(tasks, probabilities[0].limit());
    for (int i = 0; i < rows.size(); i++) {
      draws.put(rows.get(i).index(), tasks.get(i));
    }
  }
}
