package io.github.gpt2server.engine.speculation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Decides which draft tokens a step computes beside the known tokens: as many, likeliest first, as
 * maximise the expected number of tokens per unit of time (goodput; Liu et al., 2024, "Optimizing
 * Speculative Decoding for Serving Large Language Models Using Goodput"). It uses the acceptance
 * rates of each request so far and the measured cost of a step by its number of rows. No sequence
 * pays for another's drafts: the tokens that each can expect must make up for the longer step.
 *
 * <p>Prompt-lookup drafts cost nothing to make. A draft model proposes for the sequences for which
 * its acceptance rate is higher, if the step still has the higher goodput with the time of making
 * the drafts included. Making them is part of planning.
 *
 * <p>The plan affects how soon tokens come, never which.
 */
public final class DraftPlanner implements AutoCloseable {
  /** The longest draft of a sequence. */
  static final int MAX_DRAFT = 15;

  /** The most rows of a step with drafts, so that streams do not come in long bursts. */
  static final int MAX_ROWS = 64;

  /** The least chance of acceptance at which a draft token is considered. */
  private static final double LEAST_CHANCE = 0.05;

  /**
   * The least ratio of the goodput with drafts to that without: costs are not known more precisely.
   */
  private static final double LEAST_GAIN = 1.1;

  /** The largest slowdown of a sequence that expects no accepted draft token. */
  private static final double MAX_SLOWDOWN = 1.02;

  /**
   * The least ratio of what the draft model can save to the cost of reading a text: the text may
   * end early.
   */
  private static final double LEAST_RETURN = 2;

  /** A planner that never drafts. */
  public static final DraftPlanner OFF = new DraftPlanner(StepCosts.PROPORTIONAL, 0, null);

  private final StepCosts costs;
  private final int maxDraft;
  private final DraftModelProposer draftModel;

  /** Creates a planner of prompt-lookup drafts. */
  public DraftPlanner(StepCosts costs) {
    this(costs, MAX_DRAFT, null);
  }

  /**
   * Creates a planner of prompt-lookup drafts and those of a draft model.
   *
   * @param costs costs of the real model's steps
   * @param draftModel closed by {@link #close}
   */
  public DraftPlanner(StepCosts costs, DraftModelProposer draftModel) {
    this(costs, MAX_DRAFT, draftModel);
  }

  private DraftPlanner(StepCosts costs, int maxDraft, DraftModelProposer draftModel) {
    this.costs = costs;
    this.maxDraft = maxDraft;
    this.draftModel = draftModel;
  }

  /**
   * A candidate for a step.
   *
   * @param index the sequence's index in the step
   * @param ahead the number of draft tokens before it
   * @param chance the estimated probability that it and all before it are accepted
   * @param byModel whether the draft model makes it, rather than prompt lookup
   */
  private record DraftToken(
      SpeculativeSequence sequence, int index, int ahead, double chance, boolean byModel) {}

  /**
   * The draft tokens chosen for a step.
   *
   * @param goodput the expected number of tokens per unit of cost
   */
  private record Choice(List<DraftToken> draftTokens, double goodput) {}

  /**
   * Plans the draft tokens of a step.
   *
   * @param sequences the decoding sequences
   * @param promptTokens the number of prompt tokens that the step computes
   * @return of each sequence the draft tokens after its last known token
   */
  public List<int[]> plan(List<? extends SpeculativeSequence> sequences, int promptTokens) {
    Choice choice = worthwhile(draftTokens(sequences, false), sequences.size(), promptTokens);
    if (draftModel != null && !sequences.isEmpty()) {
      choice = withDraftModel(choice, sequences, promptTokens);
    }
    List<DraftToken> made =
        choice.draftTokens().stream()
            .filter(this::made)
            .sorted(Comparator.comparingInt(DraftToken::ahead))
            .toList();
    return IntStream.range(0, sequences.size())
        .mapToObj(
            i -> made.stream().filter(token -> token.index() == i).mapToInt(this::id).toArray())
        .toList();
  }

  /**
   * Has the draft model propose if that gives the higher goodput, or read if it will do so once it
   * has read, or else probe.
   */
  private Choice withDraftModel(
      Choice without, List<? extends SpeculativeSequence> sequences, int promptTokens) {
    // The last token is read again with the draft, even if the step before was planned in vain.
    sequences.forEach(
        sequence -> draftModel.state(sequence).drop(sequence.proposer().length() - 1));
    double alone = costs.of(sequences.size() + promptTokens);
    Choice with = worthwhile(draftTokens(sequences, true), sequences.size(), promptTokens);
    if (with.goodput() > without.goodput()) {
      Map<SpeculativeSequence, Integer> lengths = new LinkedHashMap<>();
      with.draftTokens().stream()
          .filter(DraftToken::byModel)
          .sorted(Comparator.comparingInt(DraftToken::index))
          .forEach(token -> lengths.merge(token.sequence(), 1, Integer::sum));
      List<SpeculativeSequence> behind =
          lengths.keySet().stream()
              .filter(sequence -> draftModel.unread(sequence) > DraftModelProposer.MAX_CATCH_UP)
              .toList();
      if (behind.isEmpty()) {
        draftModel.propose(lengths);
        return with;
      }
      double saving = alone * (1 - without.goodput() / with.goodput());
      if (behind.stream()
          .allMatch(
              sequence ->
                  LEAST_RETURN * draftModel.cost(draftModel.unread(sequence))
                      < saving * draftModel.maxDraft(sequence))) {
        // Delays the other sequences by no more than one further step.
        draftModel.read(behind, alone);
        return without;
      }
    }
    draftModel.probe(sequences, alone);
    return without;
  }

  private List<DraftToken> draftTokens(
      List<? extends SpeculativeSequence> sequences, boolean withModel) {
    List<DraftToken> draftTokens = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      SpeculativeSequence sequence = sequences.get(i);
      if (withModel && modelIsBetter(sequence)) {
        addByModel(draftTokens, sequence, i);
      } else {
        addByLookup(draftTokens, sequence, i);
      }
    }
    draftTokens.sort(Comparator.comparingDouble(DraftToken::chance).reversed());
    return draftTokens;
  }

  private boolean modelIsBetter(SpeculativeSequence sequence) {
    DraftProposer proposer = sequence.proposer();
    return draftModel.maxDraft(sequence) > 0
        && (!proposer.proposes() || draftModel.state(sequence).chance() > proposer.chance(0));
  }

  private void addByLookup(List<DraftToken> draftTokens, SpeculativeSequence sequence, int index) {
    DraftProposer proposer = sequence.proposer();
    int longest = Math.min(maxDraft, sequence.maxDraft());
    double chance = 1;
    for (int ahead = 0; ahead < longest && proposer.proposes(); ahead++) {
      chance *= proposer.chance(ahead);
      // Nothing follows a token that ends the sequence.
      if (chance < LEAST_CHANCE || sequence.stopsAt(proposer.draftToken(ahead))) {
        break;
      }
      draftTokens.add(new DraftToken(sequence, index, ahead, chance, false));
    }
  }

  private void addByModel(List<DraftToken> draftTokens, SpeculativeSequence sequence, int index) {
    int longest = Math.min(maxDraft, draftModel.maxDraft(sequence));
    double chance = draftModel.state(sequence).chance();
    for (int ahead = 0; ahead < longest && chance >= LEAST_CHANCE; ahead++) {
      draftTokens.add(new DraftToken(sequence, index, ahead, chance, true));
      chance *= draftModel.state(sequence).chance();
    }
  }

  /** Chooses the number of draft tokens, likeliest first, that maximises goodput. */
  private Choice worthwhile(List<DraftToken> draftTokens, int sequences, int promptTokens) {
    int rows = sequences + promptTokens;
    double alone = costs.of(rows);
    double[] expected = new double[sequences];
    Arrays.fill(expected, 1);
    double all = sequences;
    double best = LEAST_GAIN * all / alone;
    int count = 0;
    int[] draftRows = new int[MAX_DRAFT];
    for (int i = 0; i < draftTokens.size() && sequences + i < MAX_ROWS; i++) {
      DraftToken token = draftTokens.get(i);
      all += token.chance();
      expected[token.index()] += token.chance();
      if (token.byModel()) {
        draftRows[token.ahead()] += token.ahead() == 0 ? catchUp(token.sequence()) : 1;
      }
      double cost = costs.of(rows + i + 1);
      for (int round = 0; round < MAX_DRAFT && draftRows[round] > 0; round++) {
        cost += draftModel.cost(draftRows[round]);
      }
      // A sequence whose prompt is still being read gains nothing from drafts.
      if (all / cost > best
          && cost <= MAX_SLOWDOWN * alone * (promptTokens > 0 ? 1 : least(expected))) {
        best = all / cost;
        count = i + 1;
      }
    }
    return new Choice(draftTokens.subList(0, count), count == 0 ? sequences / alone : best);
  }

  /** The number of rows of the draft model's step that computes the first draft token. */
  private int catchUp(SpeculativeSequence sequence) {
    return Math.min(draftModel.unread(sequence), DraftModelProposer.MAX_CATCH_UP);
  }

  private static double least(double[] expected) {
    return Arrays.stream(expected).min().orElseThrow();
  }

  /** Returns whether the token is known; the draft model may have ended its draft earlier. */
  private boolean made(DraftToken token) {
    if (!token.byModel()) {
      return true;
    }
    DraftState state = draftModel.state(token.sequence());
    return token.ahead() < state.count() && !token.sequence().stopsAt(state.token(token.ahead()));
  }

  private int id(DraftToken token) {
    return token.byModel()
        ? draftModel.state(token.sequence()).token(token.ahead())
        : token.sequence().proposer().draftToken(token.ahead());
  }

  /** Frees the draft model, if there is one. */
  @Override
  public void close() {
    if (draftModel != null) {
      draftModel.close();
    }
  }
}
