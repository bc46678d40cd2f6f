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

/** Draws the next tokens of those sequences that are sampled and not greedy. */
final class TokenDraws {
  private final SamplingThreads threads;
  private final BiConsumer<Sequence, Runnable> attempt;

  /**
   * A row of logits from which a sequence's next token is picked.
   *
   * @param edited whether penalties or bias are written over the logits
   * @param rawLogits the logits before that, if a log-probability needs them, else null
   */
  record Draw(Sequence sequence, int row, boolean edited, float[] rawLogits) {}

  /**
   * @param attempt does something for a sequence; what goes wrong ends that one alone
   */
  TokenDraws(SamplingThreads threads, BiConsumer<Sequence, Runnable> attempt) {
    this.threads = threads;
    this.attempt = attempt;
  }

  /**
   * Tokens by row: one softmax for all of them, and draws beside each other. Where that softmax
   * fails, each has its own.
   */
  Map<Integer, FutureTask<Integer>> draw(List<Draw> draws, StepResult result) {
    List<Draw> sampled =
        draws.stream().filter(draw -> !draw.sequence().sampler().greedy()).toList();
    Map<Integer, FutureTask<Integer>> drawn = new LinkedHashMap<>();
    if (sampled.isEmpty()) {
      return drawn;
    }
    FloatBuffer[] rows = null;
    try {
      rows = softmax(sampled, result);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
    }
    if (rows == null) {
      for (Draw alone : sampled) {
        attempt.accept(
            alone.sequence(), () -> run(List.of(alone), softmax(List.of(alone), result), drawn));
      }
    } else {
      run(sampled, rows, drawn);
    }
    return drawn;
  }

  private static FloatBuffer[] softmax(List<Draw> draws, StepResult result) {
    return result.softmax(
        draws.stream().mapToInt(Draw::row).toArray(),
        draws.stream().mapToDouble(draw -> draw.sequence().sampler().temperature()).toArray());
  }

  private void run(List<Draw> draws, FloatBuffer[] rows, Map<Integer, FutureTask<Integer>> drawn) {
    List<FutureTask<Integer>> tasks = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      TokenSampler sampler = draws.get(i).sequence().sampler();
      FloatBuffer probabilities = rows[i];
      tasks.add(new FutureTask<>(() -> sampler.sample(probabilities)));
    }
    threads.run(tasks, rows[0].limit());
    for (int i = 0; i < rows.length; i++) {
      drawn.put(draws.get(i).row(), tasks.get(i));
    }
  }
}
