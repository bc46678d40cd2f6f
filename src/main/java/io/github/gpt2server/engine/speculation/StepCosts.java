package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The cost of a step as a function of its number of rows, by samples. As long as a step is bound by
 * reading the weights from memory, a few more rows cost next to nothing; beyond that, each adds its
 * share.
 *
 * @param rows sampled numbers of rows, ascending
 * @param cost the time of a step of each of these sizes, in any unit; made non-decreasing
 */
public record StepCosts(int[] rows, double[] cost) {
  /** Cost proportional to the number of rows. */
  static final StepCosts PROPORTIONAL = new StepCosts(new int[] {1}, new double[] {1});

  private static final int[] MEASURED_ROWS = {1, 2, 4, 8, 16, 32};
  private static final int LEAST_REPEATS = 2;
  private static final int MOST_REPEATS = 5;
  private static final long MOST_NANOS = 300_000_000;

  public StepCosts {
    cost = cost.clone();
    for (int i = 1; i < cost.length; i++) {
      cost[i] = Math.max(cost[i], cost[i - 1]);
    }
  }

  /**
   * Measures a model in the middle of its context: the fastest of a few steps of each size, in
   * milliseconds.
   */
  public static StepCosts measure(LanguageModel model) {
    int middle = model.contextLength() / 2;
    int[] rows =
        IntStream.of(MEASURED_ROWS)
            .filter(count -> middle + count <= model.contextLength())
            .toArray();
    double[] fastest = new double[rows.length];
    Arrays.fill(fastest, Double.MAX_VALUE);
    long start = System.nanoTime();
    for (int repeat = 0; repeat < MOST_REPEATS; repeat++) {
      if (repeat >= LEAST_REPEATS && System.nanoTime() - start > MOST_NANOS) {
        break;
      }
      for (int i = 0; i < rows.length; i++) {
        fastest[i] = Math.min(fastest[i], millis(model, middle, rows[i]));
      }
    }
    return new StepCosts(rows, fastest);
  }

  private static double millis(LanguageModel model, int position, int rows) {
    Chunk drafted = Chunk.decode(0, position, new int[rows]);
    long start = System.nanoTime();
    try (StepResult result = model.step(new StepPlan(List.of(drafted), List.of()))) {
      result.argmax();
    }
    return (System.nanoTime() - start) / 1e6;
  }

  /**
   * The cost of a step of {@code count} rows, linearly interpolated, and extrapolated past the last
   * sample.
   */
  double of(int count) {
    if (rows.length == 1) {
      return cost[0] * count / rows[0];
    }
    int upper = 1;
    while (upper < rows.length - 1 && rows[upper] < count) {
      upper++;
    }
    double slope = (cost[upper] - cost[upper - 1]) / (rows[upper] - rows[upper - 1]);
    return cost[upper] + slope * (count - rows[upper]);
  }
}
