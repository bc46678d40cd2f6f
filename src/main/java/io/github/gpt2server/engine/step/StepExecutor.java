package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.engine.step.RowSampling.Row;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes a planned step in phases:
 *
 * <ol>
 *   <li><i>compute</i>: one call of the model gives all rows of logits;
 *   <li><i>reduce</i>: log-sum-exps, prompt scores and the argmax of the unedited logits, each in
 *       one call for all rows;
 *   <li><i>read prompts</i>: advances each sequence by its prompt chunks and publishes their
 *       scores;
 *   <li><i>generate</i>: {@link NextTokens} penalises, samples and emits a token of each sequence
 *       whose known tokens end with this step; {@link SearchSteps} continues beams;
 *   <li><i>verify drafts</i>: one of each sequence at a time, a draft token is accepted if it is
 *       the token that was just generated; its row then generates the next.
 * </ol>
 *
 * <p>A token after accepted draft tokens is picked as in a step of its own, by the same sampler in
 * the same state, so that speculation changes no text and no log-probability, greedy or sampled.
 *
 * <p>A failure that belongs to one sequence ends its request alone. A step that fails as a whole is
 * repeated for each sequence alone.
 */
public final class StepExecutor {
  private static final Logger log = LoggerFactory.getLogger(Failures.LOGGER);

  private final LanguageModel model;
  private final NextTokens nextTokens;
  private final SearchSteps searches;
  private final IntFunction<Sequence> inSlot;
  private final Consumer<Sequence> onComplete;
  private final BiConsumer<Sequence, Throwable> onFailure;
  private int accepted;

  /**
   * Creates an executor.
   *
   * @param threads threads that sample
   * @param inSlot returns the running sequence in a slot, or null
   * @param onComplete called for a sequence that has published its end
   * @param onFailure called for a sequence that cannot go on, with the cause
   */
  public StepExecutor(
      LanguageModel model,
      Gpt2Tokenizer tokenizer,
      SamplingThreads threads,
      IntFunction<Sequence> inSlot,
      Consumer<Sequence> onComplete,
      BiConsumer<Sequence, Throwable> onFailure) {
    this.model = model;
    this.nextTokens = new NextTokens(tokenizer, threads, this::attempt, onComplete);
    this.searches = new SearchSteps(model, tokenizer, onComplete);
    this.inSlot = inSlot;
    this.onComplete = onComplete;
    this.onFailure = onFailure;
  }

  /**
   * The output of a step, in numbers.
   *
   * @param generatedTokens number of tokens generated
   * @param acceptedTokens number of draft tokens accepted
   */
  public record StepOutput(int generatedTokens, int acceptedTokens) {}

  /** Results of reductions over the unedited rows. Repeating them gives the same. */
  private record Reductions(LogSumExps sums, PromptScoring scores, int[] argmax) {}

  /** Executes a step. */
  public StepOutput execute(StepPlan plan) {
    nextTokens.beginStep();
    searches.beginStep();
    accepted = 0;
    step(plan);
    return new StepOutput(nextTokens.count() + searches.count(), accepted);
  }

  private void step(StepPlan plan) {
    Throwable failure = attemptTogether(plan);
    if (failure != null) {
      retryAlone(plan, failure);
    }
  }

  /** Computes a step and publishes its results; returns the cause if it could not be computed. */
  private Throwable attemptTogether(StepPlan plan) {
    StepResult result;
    try {
      result = model.step(plan);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      return e;
    }
    try {
      Reductions reductions;
      try {
        reductions = reduce(plan, result);
      } catch (RuntimeException | Error e) {
        Failures.requireSurvivable(e);
        return e;
      }
      publishOrFail(plan, result, reductions);
      return null;
    } finally {
      close(result);
    }
  }

  private static void close(StepResult result) {
    try {
      result.close();
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      // Its results have been published.
      log.warn("The logits of a step could not be freed", e);
    }
  }

  private Reductions reduce(StepPlan plan, StepResult result) {
    LogSumExps sums = LogSumExps.of(plan, inSlot, result);
    PromptScoring scores = PromptScoring.of(plan, inSlot, result);
    // Before any row is edited; the softmax comes after the edits.
    return new Reductions(sums, scores, anyGreedy(plan) ? result.argmax() : null);
  }

  private boolean anyGreedy(StepPlan plan) {
    return plan.decodes().stream().anyMatch(chunk -> greedy(inSlot.apply(chunk.slot())))
        || plan.prompts().stream()
            .anyMatch(
                chunk -> {
                  Sequence sequence = inSlot.apply(chunk.slot());
                  return chunk.end() == sequence.request().prompt().length
                      && sequence.generates()
                      && greedy(sequence);
                });
  }

  private static boolean greedy(Sequence sequence) {
    return sequence.sampler().greedy();
  }

  /**
   * Repeats a failed step for each sequence alone and without draft tokens, so that only sequences
   * that cannot be computed fail. Repeating is harmless: it writes the same keys and values.
   */
  private void retryAlone(StepPlan drafted, Throwable failure) {
    StepPlan plan = drafted.withoutDrafts();
    List<Integer> slots = slots(plan);
    if (slots.size() == 1 && drafted.draftTokens() == 0) {
      onFailure.accept(inSlot.apply(slots.get(0)), failure);
      return;
    }
    for (int slot : slots) {
      if (inSlot.apply(slot) == null) {
        // It ended with another sequence of its request.
        continue;
      }
      step(
          new StepPlan(
              plan.decodes().stream().filter(chunk -> chunk.slot() == slot).toList(),
              plan.prompts().stream().filter(chunk -> chunk.slot() == slot).toList(),
              plan.states()));
    }
  }

  private static List<Integer> slots(StepPlan plan) {
    return plan.chunks().map(Chunk::slot).distinct().toList();
  }

  private void publishOrFail(StepPlan plan, StepResult result, Reductions reductions) {
    try {
      publish(plan, result, reductions);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      // The failure cannot be attributed to one sequence, so all sequences of the step fail.
      for (int slot : slots(plan)) {
        if (inSlot.apply(slot) != null) {
          onFailure.accept(inSlot.apply(slot), e);
        }
      }
    }
  }

  private void publish(StepPlan plan, StepResult result, Reductions reductions) {
    List<DraftedRow> decoded = decodedRows(plan);
    List<Row> rows = new ArrayList<>();
    for (DraftedRow known : ahead(decoded, 0)) {
      attempt(
          known.sequence(), () -> addRow(known.sequence(), known.row(), result, reductions, rows));
    }
    readPrompts(plan, result, reductions, rows);
    generate(rows, result, reductions);
    int longest = plan.decodes().stream().mapToInt(Chunk::length).max().orElse(0);
    for (int ahead = 1; ahead < longest; ahead++) {
      List<Row> verified = verifyDrafts(ahead(decoded, ahead), result);
      accepted += verified.size();
      generate(verified, result, reductions);
    }
  }

  /** Adds the row of a sequence's next token; a beam takes its own at once. */
  private void addRow(
      Sequence sequence, int row, StepResult result, Reductions reductions, List<Row> rows) {
    if (sequence.search() == null) {
      rows.add(NextTokens.row(sequence, row, result));
    } else {
      searches.add(sequence, row, result, reductions.sums());
    }
  }

  /**
   * A row of a decoding sequence.
   *
   * @param row its index in the step's logits
   * @param ahead how many tokens it is after the last known one
   */
  private record DraftedRow(Sequence sequence, int row, Chunk chunk, int ahead) {
    /** Returns whether the token whose row this is has been generated since. */
    boolean accepted() {
      return sequence.lastPosition() == chunk.start() + ahead
          && sequence.lastToken() == chunk.tokens()[ahead];
    }
  }

  private List<DraftedRow> decodedRows(StepPlan plan) {
    List<DraftedRow> rows = new ArrayList<>();
    for (Chunk chunk : plan.decodes()) {
      for (int ahead = 0; ahead < chunk.length(); ahead++) {
        rows.add(new DraftedRow(inSlot.apply(chunk.slot()), rows.size(), chunk, ahead));
      }
    }
    return rows;
  }

  private static List<DraftedRow> ahead(List<DraftedRow> rows, int ahead) {
    return rows.stream().filter(row -> row.ahead() == ahead).toList();
  }

  private void generate(List<Row> rows, StepResult result, Reductions reductions) {
    nextTokens.generate(rows, result, reductions.sums(), reductions.argmax());
  }

  /** Advances sequences by their chunks; adds the rows of those that begin to generate. */
  private void readPrompts(
      StepPlan plan, StepResult result, Reductions reductions, List<Row> rows) {
    int row = plan.decodeRows();
    for (int i = 0; i < plan.prompts().size(); i++) {
      Chunk chunk = plan.prompts().get(i);
      int index = i;
      row += chunk.logitRows();
      int lastRow = row - 1;
      Sequence sequence = inSlot.apply(chunk.slot());
      attempt(
          sequence,
          () -> {
            reductions.scores().addDetails(index, result, reductions.sums());
            searches.read(
                sequence,
                IntStream.rangeClosed(lastRow - chunk.logitRows() + 1, lastRow).toArray(),
                result);
            sequence.advance(chunk.end());
            if (!sequence.prefilling()) {
              publishPrompt(sequence, lastRow, result);
              if (sequence.generates()) {
                addRow(sequence, lastRow, result, reductions, rows);
              } else {
                sequence.finish(FinishReason.LENGTH, -1);
                onComplete.accept(sequence);
              }
            }
          });
    }
  }

  private static void publishPrompt(Sequence sequence, int lastRow, StepResult result) {
    boolean nextToken = sequence.request().promptProbabilities().nextTokenLogits();
    if (nextToken || sequence.scores()) {
      List<Sequence> reporting =
          sequence.search() == null ? List.of(sequence) : sequence.search().reporting();
      for (Sequence each : reporting) {
        each.publish(
            new SequenceEvent.PromptRead(
                each.index(),
                nextToken ? NextTokens.copy(result.logits(lastRow)) : null,
                sequence.promptScores()));
      }
    }
  }

  /** The rows of the draft tokens that are the tokens that were generated. */
  private List<Row> verifyDrafts(List<DraftedRow> drafted, StepResult result) {
    List<Row> rows = new ArrayList<>();
    for (DraftedRow draft : drafted) {
      attempt(
          draft.sequence(),
          () -> {
            if (draft.accepted()) {
              rows.add(NextTokens.row(draft.sequence(), draft.row(), result));
            }
          });
    }
    return rows;
  }

  /** Runs an action for a sequence that still runs; a failure ends its request alone. */
  private void attempt(Sequence sequence, Runnable action) {
    // It may have ended with another sequence of its request.
    if (sequence != null && inSlot.apply(sequence.slot()) == sequence) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        Failures.requireSurvivable(e);
        onFailure.accept(sequence, e);
      }
    }
  }
}
