package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.engine.step.RowSampling.Row;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Turns rows of logits into the next tokens of their sequences: <i>penalise</i> edits the logits in
 * place, <i>sample</i> draws from their softmax or takes the largest, <i>emit</i> publishes the
 * tokens.
 */
final class NextTokens {
  private final Gpt2Tokenizer tokenizer;
  private final RowSampling sampling;
  private final BiConsumer<Sequence, Runnable> attempt;
  private final Consumer<Sequence> onComplete;
  private int count;

  /**
   * Creates the stage.
   *
   * @param attempt runs an action for a sequence; a failure ends the request of that sequence alone
   * @param onComplete called for a sequence that has published its end
   */
  NextTokens(
      Gpt2Tokenizer tokenizer,
      SamplingThreads threads,
      BiConsumer<Sequence, Runnable> attempt,
      Consumer<Sequence> onComplete) {
    this.tokenizer = tokenizer;
    this.sampling = new RowSampling(threads, attempt);
    this.attempt = attempt;
    this.onComplete = onComplete;
  }

  /** Resets {@link #count}. */
  void beginStep() {
    count = 0;
  }

  /** Number of tokens generated since {@link #beginStep}. */
  int count() {
    return count;
  }

  /** The row of a sequence's next token, with a copy of the logits if editing would lose them. */
  static Row row(Sequence sequence, int index, StepResult result) {
    boolean edited = sequence.sampler().editsLogits();
    boolean copied = edited && sequence.request().logprobs().wanted();
    return new Row(sequence, index, edited, copied ? copy(result.logits(index)) : null);
  }

  /**
   * Generates one token of each sequence.
   *
   * @param sums normalisers of the unedited logits
   * @param argmax token of the largest unedited logit by row; null if no sequence is greedy
   */
  void generate(List<Row> rows, StepResult result, LogSumExps sums, int[] argmax) {
    penalise(rows, argmax, result);
    Map<Integer, FutureTask<Integer>> draws = sampling.sample(rows, result);
    for (Row row : rows) {
      attempt.accept(
          row.sequence(),
          () -> emit(row, token(row, draws.get(row.index()), argmax, result), result, sums));
    }
  }

  private void penalise(List<Row> rows, int[] argmax, StepResult result) {
    for (Row row : rows) {
      if (row.edited() && !picks(row, argmax)) {
        attempt.accept(
            row.sequence(),
            () -> {
              TokenSampler sampler = row.sequence().sampler();
              sampler.process(result.logits(row.index()));
              sampler.requireToken(result.logits(row.index()));
            });
      }
    }
  }

  private static int token(Row row, FutureTask<Integer> draw, int[] argmax, StepResult result) {
    if (draw != null) {
      return SamplingThreads.token(draw);
    }
    if (argmax[row.index()] < 0) {
      throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
    }
    return row.edited() && !picks(row, argmax)
        ? row.sequence().sampler().argmax(result.logits(row.index()))
        : argmax[row.index()];
  }

  /** Returns whether the edits would pick the largest unedited logit all the same. */
  private static boolean picks(Row row, int[] argmax) {
    return argmax != null
        && argmax[row.index()] >= 0
        && row.sequence().sampler().picks(argmax[row.index()]);
  }

  private void emit(Row row, int token, StepResult result, LogSumExps sums) {
    count++;
    if (row.sequence().append(token, logprobs(row, token, result, sums), tokenizer)) {
      onComplete.accept(row.sequence());
    }
  }

  private static TokenLogprobs logprobs(Row row, int token, StepResult result, LogSumExps sums) {
    Logprobs wanted = row.sequence().request().logprobs();
    if (!wanted.wanted()) {
      return null;
    }
    FloatBuffer logits =
        row.rawLogits() == null ? result.logits(row.index()) : FloatBuffer.wrap(row.rawLogits());
    return TokenLogprobs.of(wanted, logits, token, sums.of(row.index()));
  }

  static float[] copy(FloatBuffer row) {
    float[] copy = new float[row.remaining()];
    row.get(copy);
    return copy;
  }
}
