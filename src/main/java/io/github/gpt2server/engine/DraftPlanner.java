package io.github.gpt2server.engine;

import io.github.gpt2server.model.StepPlan.Decode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Decides which guessed tokens a step computes beside those that are known: as many, likeliest
 * first, as let the step bring the most tokens for its time, by the chances that the guesses of
 * each request have had so far and what a step of so many rows takes. Nobody pays for another's
 * guesses: each sequence's own expected tokens make up for the longer step. After "Optimizing
 * Speculative Decoding for Serving Large Language Models Using Goodput", Liu et al., 2024.
 *
 * <p>What is planned here changes how soon tokens come, and nothing about which.
 */
final class DraftPlanner {
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

  /** Never has anything guessed. */
  static final DraftPlanner OFF = new DraftPlanner(StepCosts.PROPORTIONAL, 0);

  private final StepCosts costs;
  private final int maxDraft;

  /** Has guessed what pays. */
  DraftPlanner(StepCosts costs) {
    this(costs, MAX_DRAFT);
  }

  private DraftPlanner(StepCosts costs, int maxDraft) {
    this.costs = costs;
    this.maxDraft = maxDraft;
  }

  /** A guessed token: whose, how far ahead of the known one, how likely all up to it are right. */
  private record Guess(int index, int ahead, double chance) {}

  /**
   * Plans the rounds of guessed tokens.
   *
   * @param sequences those that decode, in ascending order of slots
   * @param promptTokens how many tokens of prompts the step computes
   */
  List<Decode> plan(List<Sequence> sequences, int promptTokens) {
    List<Guess> guesses = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      addGuesses(guesses, sequences.get(i), i);
    }
    guesses.sort(Comparator.comparingDouble(Guess::chance).reversed());
    return guesses.subList(0, worthwhile(guesses, sequences.size(), promptTokens)).stream()
        .sorted(Comparator.comparingInt(Guess::ahead).thenComparingInt(Guess::index))
        .map(guess -> decode(sequences.get(guess.index()), guess.ahead()))
        .toList();
  }

  private void addGuesses(List<Guess> guesses, Sequence sequence, int index) {
    Drafter drafter = sequence.drafter();
    int longest = Math.min(maxDraft, sequence.maxDraft());
    double chance = 1;
    for (int ahead = 0; ahead < longest && drafter.guesses(); ahead++) {
      chance *= drafter.chance(ahead);
      // Nothing follows a token that ends the sequence.
      if (chance < LEAST_CHANCE || sequence.stopsAt(drafter.guess(ahead))) {
        break;
      }
      guesses.add(new Guess(index, ahead, chance));
    }
  }

  /** How many of the guesses, likeliest first, make the most of a step. */
  private int worthwhile(List<Guess> guesses, int sequences, int promptTokens) {
    int rows = sequences + promptTokens;
    double alone = costs.of(rows);
    double[] expected = new double[sequences];
    Arrays.fill(expected, 1);
    double all = sequences;
    double best = LEAST_GAIN * all / alone;
    int count = 0;
    for (int i = 0; i < guesses.size() && sequences + i < MAX_ROWS; i++) {
      all += guesses.get(i).chance();
      expected[guesses.get(i).index()] += guesses.get(i).chance();
      double cost = costs.of(rows + i + 1);
      // Who waits for a prompt to be read gains nothing by guesses.
      if (all / cost > best
          && cost <= MAX_SLOWDOWN * alone * (promptTokens > 0 ? 1 : least(expected))) {
        best = all / cost;
        count = i + 1;
      }
    }
    return count;
  }

  private static double least(double[] expected) {
    return Arrays.stream(expected).min().orElseThrow();
  }

  private static Decode decode(Sequence sequence, int ahead) {
    Decode known = sequence.decode();
    return new Decode(known.slot(), known.position() + 1 + ahead, sequence.drafter().guess(ahead));
  }
}
