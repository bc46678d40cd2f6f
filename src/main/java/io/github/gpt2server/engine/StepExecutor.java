package io.github.gpt2server.engine;

import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.Piece;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Executes a planned step: calls the model, reads the log-probabilities asked for, picks each
 * sequence's next token and publishes it. What goes wrong for one sequence ends that one alone.
 *
 * <p>Of tokens that were guessed, the logits count as long as the tokens picked before are the
 * guessed ones. Each is picked as in a step of its own, by the same sampler in the same state, so
 * that guessing changes no text and no log-probability, be it greedy or drawn.
 */
final class StepExecutor {
  private final LanguageModel model;
  private final Gpt2Tokenizer tokenizer;
  private final PrefixCache cache;
  private final DrawThreads drawThreads;
  private final IntFunction<Sequence> inSlot;
  private final Consumer<Sequence> onComplete;
  private final BiConsumer<Sequence, RuntimeException> onFailure;
  private int picked;
  private int accepted;

  /**
   * @param cache told of the pieces that have been computed
   * @param drawThreads draw tokens
   * @param inSlot the running sequence in a slot, or null
   * @param onComplete told of a sequence that has published its end
   * @param onFailure told of a sequence that cannot go on
   */
  StepExecutor(
      LanguageModel model,
      Gpt2Tokenizer tokenizer,
      PrefixCache cache,
      DrawThreads drawThreads,
      IntFunction<Sequence> inSlot,
      Consumer<Sequence> onComplete,
      BiConsumer<Sequence, RuntimeException> onFailure) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.cache = cache;
    this.drawThreads = drawThreads;
    this.inSlot = inSlot;
    this.onComplete = onComplete;
    this.onFailure = onFailure;
  }

  /**
   * A row of logits from which a sequence's next token is picked.
   *
   * @param edited whether penalties or bias are written over the logits
   * @param rawLogits the logits before that, if a log-probability needs them, else null
   */
  private record Draw(Sequence sequence, int row, boolean edited, float[] rawLogits) {}

  /**
   * What came of a step.
   *
   * @param picked how many tokens were picked
   * @param accepted how many of the guessed tokens were right
   */
  record Yield(int picked, int accepted) {}

  /** Executes a step. */
  Yield execute(StepPlan plan) {
    picked = 0;
    accepted = 0;
    step(plan);
    return new Yield(picked, accepted);
  }

  private void step(StepPlan plan) {
    StepResult result;
    try {
      result = model.step(plan);
    } catch (RuntimeException e) {
      retryAlone(plan, e);
      return;
    }
    try (result) {
      publish(plan, result);
    } catch (RuntimeException e) {
      // Nobody in particular is to blame, so that nobody's answer can be trusted.
      for (int slot : slots(plan)) {
        if (inSlot.apply(slot) != null) {
          onFailure.accept(inSlot.apply(slot), e);
        }
      }
    }
  }

  /**
   * A step failed as a whole: each sequence's share is tried by itself and without guesses, so that
   * only those that cannot be computed fail. Repeating a share is harmless, it writes the same keys
   * and values.
   */
  private void retryAlone(StepPlan drafted, RuntimeException failure) {
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
              plan.pieces().stream().filter(piece -> piece.slot() == slot).toList()));
    }
  }

  private static List<Integer> slots(StepPlan plan) {
    List<Integer> slots = new ArrayList<>();
    plan.decodes().forEach(decode -> slots.add(decode.slot()));
    plan.pieces().forEach(piece -> slots.add(piece.slot()));
    return slots.stream().distinct().toList();
  }

  private void publish(StepPlan plan, StepResult result) {
    List<Draw> draws = new ArrayList<>();
    LogSumExps sums = LogSumExps.of(plan, inSlot, result);
    PromptScoring.run(plan, inSlot, result, sums);
    List<List<Decode>> rounds = plan.rounds();
    int known = rounds.isEmpty() ? 0 : rounds.get(0).size();
    for (int row = 0; row < known; row++) {
      draws.add(draw(inSlot.apply(plan.decodes().get(row).slot()), row, result));
    }
    int row = plan.decodes().size();
    for (Piece piece : plan.pieces()) {
      Sequence sequence = inSlot.apply(piece.slot());
      sequence.advance(piece.end());
      if (piece instanceof Chunk chunk) {
        cache.commit(chunk.block());
      } else {
        sequence.addCached(piece.length());
      }
      row += piece.logitRows();
      if (!sequence.prefilling()) {
        cache.count(sequence.request().reuse().length(), sequence.cachedTokens());
        promptRead(sequence, row - 1, result);
        if (sequence.generates()) {
          draws.add(draw(sequence, row - 1, result));
        } else {
          sequence.finish(FinishReason.LENGTH, -1);
          onComplete.accept(sequence);
        }
      }
    }
    // Argmax comes before the edits, and the edits before the softmax that shall see them.
    boolean anyGreedy = draws.stream().anyMatch(draw -> draw.sequence().sampler().greedy());
    int[] argmax = anyGreedy ? result.argmax() : null;
    pick(draws, argmax, result, sums);
    row = known;
    for (int i = 1; i < rounds.size(); i++) {
      List<Draw> next = accepted(rounds.get(i), row, result);
      accepted += next.size();
      pick(next, argmax, result, sums);
      row += rounds.get(i).size();
    }
  }

  /** Draws from the rows of guessed tokens that are the next ones. */
  private List<Draw> accepted(List<Decode> round, int firstRow, StepResult result) {
    List<Draw> draws = new ArrayList<>();
    for (int i = 0; i < round.size(); i++) {
      Sequence sequence = inSlot.apply(round.get(i).slot());
      if (sequence != null && sequence.decode().equals(round.get(i))) {
        draws.add(draw(sequence, firstRow + i, result));
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

  private void pick(List<Draw> draws, int[] argmax, StepResult result, LogSumExps sums) {
    for (Draw draw : draws) {
      if (draw.edited()) {
        attempt(draw, () -> draw.sequence().sampler().process(result.logits(draw.row())));
      }
    }
    Map<Integer, FutureTask<Integer>> drawn = draw(draws, result);
    for (Draw draw : draws) {
      Sequence sequence = draw.sequence();
      attempt(
          draw,
          () -> {
            int token;
            if (drawn.containsKey(draw.row())) {
              token = DrawThreads.token(drawn.get(draw.row()));
            } else if (argmax[draw.row()] < 0) {
              throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
            } else if (draw.edited()) {
              token = sequence.sampler().argmax(result.logits(draw.row()));
            } else {
              token = argmax[draw.row()];
            }
            picked++;
            if (sequence.append(token, logprobs(draw, token, result, sums), tokenizer)) {
              onComplete.accept(sequence);
            }
          });
    }
  }

  /** Does something for a sequence that still runs; what goes wrong ends its request alone. */
  private void attempt(Draw draw, Runnable action) {
    // It may have ended with another sequence of its request.
    if (inSlot.apply(draw.sequence().slot()) == draw.sequence()) {
      try {
        action.run();
      } catch (RuntimeException e) {
        onFailure.accept(draw.sequence(), e);
      }
    }
  }

  /** Tokens by row of what is sampled and not greedy: one softmax, and draws beside each other. */
  private Map<Integer, FutureTask<Integer>> draw(List<Draw> draws, StepResult result) {
    List<Draw> sampled =
        draws.stream().filter(draw -> !draw.sequence().sampler().greedy()).toList();
    Map<Integer, FutureTask<Integer>> drawn = new LinkedHashMap<>();
    if (!sampled.isEmpty()) {
      FloatBuffer[] rows =
          result.softmax(
              sampled.stream().mapToInt(Draw::row).toArray(),
              sampled.stream()
                  .mapToDouble(draw -> draw.sequence().sampler().temperature())
                  .toArray());
      for (int i = 0; i < rows.length; i++) {
        TokenSampler sampler = sampled.get(i).sequence().sampler();
        FloatBuffer probabilities = rows[i];
        drawn.put(sampled.get(i).row(), new FutureTask<>(() -> sampler.sample(probabilities)));
      }
      drawThreads.run(List.copyOf(drawn.values()), rows[0].limit());
    }
    return drawn;
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
