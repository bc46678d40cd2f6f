package io.github.gpt2server.engine.speculation;

import io.github.gpt2server.model.StepPlan.Decode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which guessed tokens a step computes beside those that are known: as many, likeliest
 * first, as let the step bring the most tokens for its time, by the chances that the guesses of
 * each request have had so far and what a step of so many rows takes. Nobody pays for another's
 * guesses: each sequence's own expected tokens make up for the longer step. After "Optimizing
 * Speculative Decoding for Serving Large Language Models Using Goodput", Liu et al., 2024.
 *
 * <p>Guesses by what followed the same tokens before cost nothing to make. Where there is a draft
 * model, it guesses for those sequences where it is right more often, if a step still brings more
 * for its time when making the guesses counts too. Making them is part of planning here.
 *
 * <p>What is planned here changes how soon tokens come, and nothing about which.
 */
public final class DraftPlanner implements AutoCloseable {
  /** The longest draft of a sequence. */
  static final int MAX_DRAFT = 15;

  /** The most rows of a step with drafts, so that streams do not come in long bursts. */
  static final int MAX_ROWS = 64;

  /** Less likely guesses are not looked at. */
  private static final double LEAST_CHANCE = 0.05;

  /** A step must promise so much more than without drafts: what it takes is not known better. */
  private static final double LEAST_GAIN = 1.1;

  /** What a step may take longer for a sequence that gains nothing. */
  private static final double MAX_SLOWDOWN = 1.02;

  /** What reading a text shall save is so many times what it costs: the text may end before. */
  private static final double LEAST_RETURN = 2;

  /** Never has anything guessed. */
  public static final DraftPlanner OFF = new DraftPlanner(StepCosts.PROPORTIONAL, 0, null);

  private final StepCosts costs;
  private final int maxDraft;
  private final DraftModelProposer model;

  /** Has guessed what pays, by what stands in the texts themselves. */
  public DraftPlanner(StepCosts costs) {
    this(costs, MAX_DRAFT, null);
  }

  /**
   * Has guessed what pays, by the texts themselves or a draft model.
   *
   * @param costs of the real model's steps
   */
  public DraftPlanner(StepCosts costs, DraftModelProposer model) {
    this(costs, MAX_DRAFT, model);
  }

  private DraftPlanner(StepCosts costs, int maxDraft, DraftModelProposer model) {
    this.costs = costs;
    this.maxDraft = maxDraft;
    this.model = model;
  }

  /**
   * A guessed token: whose, how far ahead of the known one, how likely all up to it are right.
   *
   * @param byModel whether the draft model makes it
   */
  private record Guess(
      SpeculativeSequence sequence, int index, int ahead, double chance, boolean byModel) {}

  /**
   * Guesses for a step.
   *
   * @param speed how many tokens it is expected to bring for its cost
   */
  private record Choice(List<Guess> guesses, double speed) {}

  /**
   * Plans the rounds of guessed tokens.
   *
   * @param sequences those that decode, in ascending order of slots
   * @param promptTokens how many tokens of prompts the step computes
   */
  public List<Decode> plan(List<? extends SpeculativeSequence> sequences, int promptTokens) {
    Choice choice = worthwhile(guesses(sequences, false), sequences.size(), promptTokens);
    if (model != null && !sequences.isEmpty()) {
      choice = withModel(choice, sequences, promptTokens);
    }
    return choice.guesses().stream()
        .filter(this::made)
        .sorted(Comparator.comparingInt(Guess::ahead).thenComparingInt(Guess::index))
        .map(this::decode)
        .toList();
  }

  /** Has the draft model guess if that is better, or read if it will be, or look if it might be. */
  private Choice withModel(
      Choice without, List<? extends SpeculativeSequence> sequences, int promptTokens) {
    sequences.forEach(sequence -> model.draft(sequence).drop(sequence.proposer().length()));
    double alone = costs.of(sequences.size() + promptTokens);
    Choice with = worthwhile(guesses(sequences, true), sequences.size(), promptTokens);
    if (with.speed() > without.speed()) {
      Map<SpeculativeSequence, Integer> drafts = new LinkedHashMap<>();
      with.guesses().stream()
          .filter(Guess::byModel)
          .sorted(Comparator.comparingInt(Guess::index))
          .forEach(guess -> drafts.merge(guess.sequence(), 1, Integer::sum));
      List<SpeculativeSequence> behind =
          drafts.keySet().stream()
              .filter(sequence -> model.unread(sequence) > DraftModelProposer.MAX_ALONG)
              .toList();
      if (behind.isEmpty()) {
        model.guess(drafts);
        return with;
      }
      double saving = alone * (1 - without.speed() / with.speed());
      if (behind.stream()
          .allMatch(
              sequence ->
                  LEAST_RETURN * model.cost(model.unread(sequence))
                      < saving * model.maxDraft(sequence))) {
        // Nobody waits for that longer than for a further step.
        model.read(behind, alone);
        return without;
      }
    }
    model.probe(sequences, alone);
    return without;
  }

  private List<Guess> guesses(List<? extends SpeculativeSequence> sequences, boolean withModel) {
    List<Guess> guesses = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      SpeculativeSequence sequence = sequences.get(i);
      if (withModel && guessesBetter(sequence)) {
        addModelGuesses(guesses, sequence, i);
      } else {
        addGuesses(guesses, sequence, i);
      }
    }
    guesses.sort(Comparator.comparingDouble(Guess::chance).reversed());
    return guesses;
  }

  private boolean guessesBetter(SpeculativeSequence sequence) {
    DraftProposer proposer = sequence.proposer();
    return model.maxDraft(sequence) > 0
        && (!proposer.guesses() || model.draft(sequence).chance() > proposer.chance(0));
  }

  private void addGuesses(List<Guess> guesses, SpeculativeSequence sequence, int index) {
    DraftProposer proposer = sequence.proposer();
    int longest = Math.min(maxDraft, sequence.maxDraft());
    double chance = 1;
    for (int ahead = 0; ahead < longest && proposer.guesses(); ahead++) {
      chance *= proposer.chance(ahead);
      // Nothing follows a token that ends the sequence.
      if (chance < LEAST_CHANCE || sequence.stopsAt(proposer.guess(ahead))) {
        break;
      }
      guesses.add(new Guess(sequence, index, ahead, chance, false));
    }
  }

  private void addModelGuesses(List<Guess> guesses, SpeculativeSequence sequence, int index) {
    int longest = Math.min(maxDraft, model.maxDraft(sequence));
    double chance = model.draft(sequence).chance();
    for (int ahead = 0; ahead < longest && chance >= LEAST_CHANCE; ahead++) {
      guesses.add(new Guess(sequence, index, ahead, chance, true));
      chance *= model.draft(sequence).chance();
    }
  }

  /** As many of the guesses, likeliest first, as make the most of a step. */
  private Choice worthwhile(List<Guess> guesses, int sequences, int promptTokens) {
    int rows = sequences + promptTokens;
    double alone = costs.of(rows);
    double[] expected = new double[sequences];
    Arrays.fill(expected, 1);
    double all = sequences;
    double best = LEAST_GAIN * all / alone;
    int count = 0;
    int[] draftRows = new int[MAX_DRAFT];
    for (int i = 0; i < guesses.size() && sequences + i < MAX_ROWS; i++) {
      Guess guess = guesses.get(i);
      all += guess.chance();
      expected[guess.index()] += guess.chance();
      if (guess.byModel()) {
        draftRows[guess.ahead()] += guess.ahead() == 0 ? readAlong(guess.sequence()) : 1;
      }
      double cost = costs.of(rows + i + 1);
      for (int round = 0; round < MAX_DRAFT && draftRows[round] > 0; round++) {
        cost += model.cost(draftRows[round]);
      }
      // Who waits for a prompt to be read gains nothing by guesses.
      if (all / cost > best
          && cost <= MAX_SLOWDOWN * alone * (promptTokens > 0 ? 1 : least(expected))) {
        best = all / cost;
        count = i + 1;
      }
    }
    return new Choice(guesses.subList(0, count), count == 0 ? sequences / alone : best);
  }

  private int readAlong(SpeculativeSequence sequence) {
    return Math.min(model.unread(sequence), DraftModelProposer.MAX_ALONG);
  }

  private static double least(double[] expected) {
    return Arrays.stream(expected).min().orElseThrow();
  }

  /** Whether the token is known; the draft model may have come to an end before. */
  private boolean made(Guess guess) {
    if (!guess.byModel()) {
      return true;
    }
    DraftState draft = model.draft(guess.sequence());
    return guess.ahead() < draft.count() && !guess.sequence().stopsAt(draft.token(guess.ahead()));
  }

  private Decode decode(Guess guess) {
    Decode known = guess.sequence().decode();
    int token =
        guess.byModel()
            ? model.draft(guess.sequence()).token(guess.ahead())
            : guess.sequence().proposer().guess(guess.ahead());
    return new Decode(known.slot(), known.position() + 1 + guess.ahead(), token);
  }

  /** Frees the draft model, if there is one. */
  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
  }
}
