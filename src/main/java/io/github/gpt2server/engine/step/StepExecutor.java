package io.github.gpt2server.engine.step;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.schedule.PrefixCache;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.engine.step.TokenDraws.Draw;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.PromptChunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes a planned step: calls the model, reads the log-probabilities asked for, picks each
 * sequence's next token and publishes it. What goes wrong for one sequence ends that one alone.
 *
 * <p>Of tokens that were guessed, the logits count as long as the tokens picked before are the
 * guessed ones. Each is picked as in a step of its own, by the same sampler in the same state, so
 * that guessing changes no text and no log-probability, be it greedy or drawn.
 */
public final class StepExecutor {
  private static final Logger log = LoggerFactory.getLogger(Failures.LOGGER);

  private final LanguageModel model;
  private final Gpt2Tokenizer tokenizer;
  private final PrefixCache cache;
  private final TokenDraws tokenDraws;
  private final IntFunction<Sequence> inSlot;
  private final Consumer<Sequence> onComplete;
  private final BiConsumer<Sequence, Throwable> onFailure;
  private int picked;
  private int accepted;

  /**
   * @param cache told of the chunks that have been computed
   * @param samplingThreads draw tokens
   * @param inSlot the running sequence in a slot, or null
   * @param onComplete told of a sequence that has published its end
   * @param onFailure told of a sequence that cannot go on
   */
  public StepExecutor(
      LanguageModel model,
      Gpt2Tokenizer tokenizer,
      PrefixCache cache,
      SamplingThreads samplingThreads,
      IntFunction<Sequence> inSlot,
      Consumer<Sequence> onComplete,
      BiConsumer<Sequence, Throwable> onFailure) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.cache = cache;
    this.tokenDraws = new TokenDraws(samplingThreads, this::attempt);
    this.inSlot = inSlot;
    this.onComplete = onComplete;
    this.onFailure = onFailure;
  }

  /**
   * What came of a step.
   *
   * @param picked how many tokens were picked
   * @param accepted how many of the guessed tokens were right
   */
  public record Yield(int picked, int accepted) {}

  /** What a step's sequences have in common; computing it again gives the same. */
  private record Common(LogSumExps sums, PromptScoring scores, int[] argmax) {}

  /** Executes a step. */
  public Yield execute(StepPlan plan) {
    picked = 0;
    accepted = 0;
    step(plan);
    return new Yield(picked, accepted);
  }

  private void step(StepPlan plan) {
    Throwable failure = attemptTogether(plan);
    if (failure != null) {
      retryAlone(plan, failure);
    }
  }

  /**
   * Computes a step and publishes what comes of it; gives why it could not be computed, or null.
   */
  private Throwable attemptTogether(StepPlan plan) {
    StepResult result;
    try {
      result = model.step(plan);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      return e;
    }
    try {
      Common common;
      try {
        common = common(plan, result);
      } catch (RuntimeException | Error e) {
        Failures.requireSurvivable(e);
        return e;
      }
      publishOrFail(plan, result, common);
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
      // What it gave has been published.
      log.warn("The logits of a step could not be freed", e);
    }
  }

  private Common common(StepPlan plan, StepResult result) {
    LogSumExps sums = LogSumExps.of(plan, inSlot, result);
    PromptScoring scores = PromptScoring.of(plan, inSlot, result);
    // Argmax comes before the edits, and the edits before the softmax that shall see them.
    return new Common(sums, scores, anyGreedy(plan) ? result.argmax() : null);
  }

  private boolean anyGreedy(StepPlan plan) {
    return plan.decodes().stream().anyMatch(decode -> greedy(inSlot.apply(decode.slot())))
        || plan.chunks().stream()
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
   * A step failed as a whole: each sequence's share is tried by itself and without guesses, so that
   * only those that cannot be computed fail. Repeating a share is harmless, it writes the same keys
   * and values.
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
              plan.decodes().stream().filter(decode -> decode.slot() == slot).toList(),
              plan.chunks().stream().filter(chunk -> chunk.slot() == slot).toList()));
    }
  }

  private static List<Integer> slots(StepPlan plan) {
    List<Integer> slots = new ArrayList<>();
    plan.decodes().forEach(decode -> slots.add(decode.slot()));
    plan.chunks().forEach(chunk -> slots.add(chunk.slot()));
    return slots.stream().distinct().toList();
  }

  private void publishOrFail(StepPlan plan, StepResult result, Common common) {
    try {
      publish(plan, result, common);
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      // No sequence in particular is to blame, and none can be trusted to have its own tokens.
      for (int slot : slots(plan)) {
        if (inSlot.apply(slot) != null) {
          onFailure.accept(inSlot.apply(slot), e);
        }
      }
    }
  }

  private void publish(StepPlan plan, StepResult result, Common common) {
    List<Draw> draws = new ArrayList<>();
    List<List<Decode>> rounds = plan.rounds();
    int known = rounds.isEmpty() ? 0 : rounds.get(0).size();
    for (int i = 0; i < known; i++) {
      int row = i;
      Sequence sequence = inSlot.apply(plan.decodes().get(row).slot());
      attempt(sequence, () -> draws.add(draw(sequence, row, result)));
    }
    int row = plan.decodes().size();
    for (int i = 0; i < plan.chunks().size(); i++) {
      PromptChunk chunk = plan.chunks().get(i);
      int index = i;
      row += chunk.logitRows();
      int lastRow = row - 1;
      Sequence sequence = inSlot.apply(chunk.slot());
      attempt(
          sequence,
          () -> {
            common.scores().addDetails(index, result, common.sums());
            advance(sequence, chunk);
            if (!sequence.prefilling()) {
              promptRead(sequence, lastRow, result);
              if (sequence.generates()) {
                draws.add(draw(sequence, lastRow, result));
              } else {
                sequence.finish(FinishReason.LENGTH, -1);
                onComplete.accept(sequence);
              }
            }
          });
    }
    pick(draws, result, common);
    row = known;
    for (int i = 1; i < rounds.size(); i++) {
      List<Draw> next = accepted(rounds.get(i), row, result);
      accepted += next.size();
      pick(next, result, common);
      row += rounds.get(i).size();
    }
  }

  private void advance(Sequence sequence, PromptChunk chunk) {
    sequence.advance(chunk.end());
    if (chunk instanceof ComputedChunk computed) {
      cache.commit(computed.block());
    } else {
      sequence.addCached(chunk.length());
    }
    if (!sequence.prefilling()) {
      cache.count(sequence.request().reuse().length(), sequence.cachedTokens());
    }
  }

  /** Draws from the rows of guessed tokens that are the next ones. */
  private List<Draw> accepted(List<Decode> round, int firstRow, StepResult result) {
    List<Draw> draws = new ArrayList<>();
    for (int i = 0; i < round.size(); i++) {
      Sequence sequence = inSlot.apply(round.get(i).slot());
      if (sequence != null && sequence.decode().equals(round.get(i))) {
        int row = firstRow + i;
        attempt(sequence, () -> draws.add(draw(sequence, row, result)));
      }
    }
    return draws;
  }

  private static Draw draw(Sequence sequence, int row, StepResult result) {
    boolean edited = sequence.sampler().editsLogits();
    boolean keep = edited && sequence.request().logprobs().wanted();
    return new Draw(sequence, row, edited, keep ? copy(result.logits(row)) : null);
  }

  private static void promptRead(Sequence sequence, int lastRow, StepResult result) {
    boolean nextToken = sequence.request().promptProbabilities().nextTokenLogits();
    if (nextToken || sequence.scores()) {
      sequence.publish(
          new SequenceEvent.PromptRead(
              sequence.index(),
              nextToken ? copy(result.logits(lastRow)) : null,
              sequence.promptScores()));
    }
  }

  private void pick(List<Draw> draws, StepResult result, Common common) {
    for (Draw draw : draws) {
      if (draw.edited()) {
        attempt(
            draw.sequence(), () -> draw.sequence().sampler().process(result.logits(draw.row())));
      }
    }
    Map<Integer, FutureTask<Integer>> drawn = tokenDraws.draw(draws, result);
    for (Draw draw : draws) {
      Sequence sequence = draw.sequence();
      attempt(
          sequence,
          () -> {
            int token = token(draw, drawn.get(draw.row()), common.argmax(), result);
            picked++;
            if (sequence.append(token, logprobs(draw, token, result, common.sums()), tokenizer)) {
              onComplete.accept(sequence);
            }
          });
    }
  }

  private static int token(Draw draw, FutureTask<Integer> drawn, int[] argmax, StepResult result) {
    if (drawn != null) {
      return SamplingThreads.token(drawn);
    }
    if (argmax[draw.row()] < 0) {
      throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
    }
    return draw.edited()
        ? draw.sequence().sampler().argmax(result.logits(draw.row()))
        : argmax[draw.row()];
  }

  /** Does something for a sequence if it still runs; what goes wrong ends its request alone. */
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

  private static TokenLogprobs logprobs(Draw draw, int token, StepResult result, LogSumExps sums) {
    Logprobs wanted = draw.sequence().request().logprobs();
    if (!wanted.wanted()) {
      return null;
    }
    FloatBuffer logits =
        draw.rawLogits() == null ? result.logits(draw.row()) : FloatBuffer.wrap(draw.rawLogits());
    return TokenLogprobs.of(wanted, logits, token, sums.of(draw.row()));
  }

  private static float[] copy(FloatBuffer row) {
    float[] copy = new float[row.remaining()];
    row.get(copy);
    return copy;
  }
}
