package io.github.gpt2server.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The choice of draft tokens, by the costs of a step and their chances of acceptance. */
class DraftPlannerTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));

  /** Rows cost nothing. */
  private static final DraftPlanner FREE = planner(0);

  /** A step of one row costs 1, each further row {@code slope}. */
  private static DraftPlanner planner(double slope) {
    return new DraftPlanner(new StepCosts(new int[] {1, 101}, new double[] {1, 1 + 100 * slope}));
  }

  @Test
  void aTextWithoutRepetitionGetsNoDraft() {
    assertThat(drafts(FREE, List.of(), 0)).isEmpty();
    assertThat(drafts(FREE, List.of(fresh(3)), 0)).isEmpty();
  }

  @Test
  void aLoopIsDraftedFarAhead() {
    // 1 2 3 1 2 3 ... 1, 40 tokens, and 2 after them at position 40.
    List<Draft> draft = drafts(FREE, List.of(loop(5, 60)), 0);
    assertThat(draft).hasSize(DraftPlanner.MAX_DRAFT);
    assertThat(draft.subList(0, 4))
        .containsExactly(
            new Draft(5, 41, 3), new Draft(5, 42, 1), new Draft(5, 43, 2), new Draft(5, 44, 3));
  }

  @Test
  void noMoreIsDraftedThanMayBeGenerated() {
    // One is there, the model gives the last one: so one is left to be drafted.
    assertThat(drafts(FREE, List.of(loop(0, 3)), 0)).containsExactly(new Draft(0, 41, 3));
    assertThat(drafts(FREE, List.of(loop(0, 2)), 0)).isEmpty();
  }

  @Test
  void nothingIsDraftedBeyondAStopToken() {
    assertThat(drafts(FREE, List.of(loop(0, 60, 1)), 0)).containsExactly(new Draft(0, 41, 3));
    assertThat(drafts(FREE, List.of(loop(0, 60, 3)), 0)).isEmpty();
  }

  @Test
  void whatReportsWholeRowsIsNotHurried() {
    Sequence rows = sequence(0, loopPrompt(), 60, Set.of(), Logprobs.top(257), 2);
    assertThat(drafts(FREE, List.of(rows), 0)).isEmpty();
  }

  @Test
  void aDraftIsAsLongAsItsRowsAreWorth() {
    assertThat(drafts(DraftPlanner.OFF, List.of(loop(0, 60)), 64)).isEmpty();
    assertThat(drafts(new DraftPlanner(StepCosts.PROPORTIONAL), List.of(loop(0, 60)), 0)).isEmpty();
    int cheap = drafts(planner(0.02), List.of(loop(0, 60)), 0).size();
    int dear = drafts(planner(0.5), List.of(loop(0, 60)), 0).size();
    assertThat(cheap).isEqualTo(DraftPlanner.MAX_DRAFT);
    assertThat(dear).isBetween(1, 14);
  }

  /** A wide step may cost more at once and then nothing for some rows: it is seen beyond that. */
  @Test
  void aStairOfTheCostsIsClimbedIfThatPays() {
    StepCosts stair = new StepCosts(new int[] {1, 2, 16, 17}, new double[] {1, 2, 2, 40});
    assertThat(drafts(new DraftPlanner(stair), List.of(loop(0, 60)), 0)).hasSize(15);
    StepCosts tooHigh = new StepCosts(new int[] {1, 2, 16, 17}, new double[] {1, 30, 30, 40});
    assertThat(drafts(new DraftPlanner(tooHigh), List.of(loop(0, 60)), 0)).isEmpty();
  }

  @Test
  void sequencesWithoutGainDoNotPayForOthers() {
    List<Sequence> mixed = List.of(loop(0, 60), fresh(1));
    assertThat(drafts(planner(0.05), mixed, 0)).isEmpty();
    List<Draft> draft = drafts(planner(0.005), mixed, 0);
    assertThat(draft).hasSizeBetween(1, 4).extracting(Draft::slot).containsOnly(0);
    assertThat(drafts(planner(0.05), mixed.subList(0, 1), 0)).hasSize(15);
    // Beside a prompt too: 2 % of 65 rows are one.
    assertThat(drafts(planner(0.5), mixed.subList(0, 1), 64)).hasSize(1);
    assertThat(drafts(planner(0.5), mixed.subList(0, 1), 16)).isEmpty();
  }

  @Test
  void draftTokensAreSharedOutByTheirChances() {
    // Two may be drafted of the first, one of the second, many of the third.
    List<Draft> draft = drafts(planner(0.01), List.of(loop(2, 4), loop(4, 3), loop(9, 60)), 0);
    assertThat(draft)
        .startsWith(
            new Draft(2, 41, 3), new Draft(2, 42, 1), new Draft(4, 41, 3), new Draft(9, 41, 3))
        .hasSizeGreaterThan(5);
  }

  @Test
  void aStepHasAtMostTheLargestNumberOfRows() {
    List<Sequence> many = IntStream.range(0, 32).mapToObj(slot -> loop(slot, 60)).toList();
    assertThat(drafts(FREE, many, 0)).hasSize(DraftPlanner.MAX_ROWS - 32);
  }

  @Test
  void aTextWhoseDraftsAreRejectedGetsNoMoreDrafts() {
    DraftPlanner planner = planner(0.01);
    // Two tokens that come again and again, and each time another one after them.
    Sequence sequence = sequence(0, new int[] {6, 7, 8, 6}, 100, Set.of(), Logprobs.NONE, 7);
    assertThat(drafts(planner, List.of(sequence), 0)).isNotEmpty();
    for (int i = 0; i < 20; i++) {
      sequence.append(200 + i, null, TOKENIZER);
      sequence.append(6, null, TOKENIZER);
      sequence.append(7, null, TOKENIZER);
    }
    assertThat(sequence.proposer().proposes()).isTrue();
    assertThat(drafts(planner, List.of(sequence), 0)).isEmpty();
  }

  @Test
  void aDraftModelReadsTheTextAndThenDrafts() {
    FakeModel draft = new FakeModel(8, 512);
    DraftPlanner planner = planner(draft, 0.01);
    Sequence sequence = fresh(3);
    assertThat(drafts(planner, List.of(sequence), 0)).isEmpty();
    assertThat(draft.plans).hasSize(1);
    assertThat(draft.plans.get(0).prompts()).extracting(Chunk::end).containsExactly(40);
    int[] text = IntStream.concat(IntStream.range(300, 340), IntStream.of(400)).toArray();
    List<Integer> next = FakeModel.continuation(text, 2);
    assertThat(drafts(planner, List.of(sequence), 0))
        .startsWith(new Draft(3, 41, next.get(0)), new Draft(3, 42, next.get(1)))
        .hasSizeBetween(3, 10);
  }

  @Test
  void whatTheTextItselfSaysMoreSurelyNeedsNoDraftModel() {
    FakeModel draft = new FakeModel(8, 512);
    assertThat(drafts(planner(draft, 0.01), List.of(loop(5, 60)), 0))
        .isEqualTo(drafts(FREE, List.of(loop(5, 60)), 0));
    assertThat(draft.plans).isEmpty();
  }

  @Test
  void noSequencePaysForAnothersDraftModel() {
    // Of the second it can read no more: its text is longer than the draft's context.
    FakeModel draft = new FakeModel(8, 45);
    Sequence other = sequence(1, IntStream.range(0, 60).toArray(), 60, Set.of(), Logprobs.NONE, 70);
    Sequence sequence = fresh(0);
    DraftPlanner dear = planner(draft, 0.1);
    assertThat(drafts(dear, List.of(sequence, other), 0)).isEmpty();
    assertThat(draft.plans).isEmpty();
    DraftPlanner cheap = planner(draft, 0.001);
    drafts(cheap, List.of(sequence, other), 0);
    assertThat(drafts(cheap, List.of(sequence, other), 0))
        .isNotEmpty()
        .extracting(Draft::slot)
        .containsOnly(0);
    assertThat(drafts(planner(draft, 0.1), List.of(sequence), 64)).as("beside a prompt").isEmpty();
  }

  @Test
  void aDraftModelAsSlowAsTheRealOneDraftsNothing() {
    FakeModel draft = new FakeModel(8, 512);
    DraftPlanner planner = planner(draft, 1);
    for (int i = 0; i < 50; i++) {
      assertThat(drafts(planner, List.of(fresh(0)), 0)).isEmpty();
    }
    assertThat(draft.plans).isEmpty();
  }

  /** A planned draft token. */
  private record Draft(int slot, int position, int token) {}

  private static List<Draft> drafts(
      DraftPlanner planner, List<Sequence> sequences, int promptTokens) {
    List<int[]> planned = planner.plan(sequences, promptTokens);
    assertThat(planned).hasSameSizeAs(sequences);
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < planned.size(); i++) {
      Sequence sequence = sequences.get(i);
      for (int ahead = 0; ahead < planned.get(i).length; ahead++) {
        drafts.add(
            new Draft(sequence.slot(), sequence.lastPosition() + 1 + ahead, planned.get(i)[ahead]));
      }
    }
    return drafts;
  }

  /** A step of the draft costs that share of one of the real model; rows cost nothing. */
  private static DraftPlanner planner(FakeModel draft, double share) {
    StepCosts costs = new StepCosts(new int[] {1, 2}, new double[] {share, share});
    StepCosts real = new StepCosts(new int[] {1, 2}, new double[] {1, 1});
    return new DraftPlanner(real, new DraftModelProposer(draft, costs));
  }

  private static int[] loopPrompt() {
    return IntStream.range(0, 40).map(i -> 1 + i % 3).toArray();
  }

  /** A sequence that has gone on with 2 after 1 2 3 1 ... 1. */
  private static Sequence loop(int slot, int maxTokens, Integer... stops) {
    return sequence(slot, loopPrompt(), maxTokens, Set.of(stops), Logprobs.NONE, 2);
  }

  private static Sequence fresh(int slot) {
    return sequence(slot, IntStream.range(300, 340).toArray(), 60, Set.of(), Logprobs.NONE, 400);
  }

  private static Sequence sequence(
      int slot, int[] prompt, int maxTokens, Set<Integer> stops, Logprobs logprobs, int next) {
    Sequence sequence =
        RequestBuilder.request(prompt, maxTokens).stopTokens(stops).logprobs(logprobs).inSlot(slot);
    sequence.advance(prompt.length);
    sequence.append(next, null, TOKENIZER);
    return sequence;
  }
}
