package io.github.gpt2server.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Steps are plain data: these tests read them without any model. */
class SchedulerTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));

  private final Scheduler scheduler = scheduler(64, new FakeModel(8, 512));

  private static Scheduler scheduler(int leastTokens, FakeModel model) {
    return new Scheduler(leastTokens, 64, 512, new PrefixCache(model), DraftPlanner.OFF);
  }

  @Test
  void nothingRunningIsAnEmptyPlan() {
    assertThat(scheduler.plan(List.of(), true).isEmpty()).isTrue();
  }

  @Test
  void decodesStandInAscendingOrderOfSlotsWhateverTheirAge() {
    StepPlan plan = scheduler.plan(List.of(generating(7, 3, 11), generating(2, 5, 12)), true);
    assertThat(plan.decodes()).containsExactly(Chunk.decode(2, 5, 12), Chunk.decode(7, 3, 11));
    assertThat(plan.prompts()).isEmpty();
  }

  /** Writing them takes processor time that the others need. */
  @Test
  void whatReportsWholeRowsTakesEveryFourthStepBesideOthers() {
    List<Sequence> mixed = List.of(generating(1, 5, 9), generating(2, 5, 9, Logprobs.top(257)));
    assertThat(slots(mixed)).containsExactly("1", "1", "1", "1,2", "1", "1", "1", "1,2");
    List<Sequence> alone = mixed.subList(1, 2);
    assertThat(slots(alone)).containsOnly("2");
    assertThat(slots(List.of(prompt(0, 9), alone.get(0))))
        .containsExactly("", "", "", "2", "", "", "", "2");
    List<Sequence> few = List.of(generating(1, 5, 9), generating(2, 5, 9, Logprobs.top(256)));
    assertThat(slots(few)).containsOnly("1,2");
  }

  /** The slots that take part in each of eight steps. */
  private List<String> slots(List<Sequence> running) {
    return IntStream.range(0, 8)
        .mapToObj(
            i ->
                scheduler.plan(running, true).decodes().stream()
                    .map(decode -> Integer.toString(decode.slot()))
                    .collect(Collectors.joining(",")))
        .toList();
  }

  /** Each prompt token makes the others' step longer. */
  @Test
  void whileOthersGenerateTwiceAsManyTokensAreReadButNotTooFew() {
    assertThat(tokensRead(32, 1, 1)).isEqualTo(32);
    assertThat(tokensRead(32, 16, 1)).isEqualTo(32);
    assertThat(tokensRead(32, 17, 1)).isEqualTo(34);
    assertThat(tokensRead(32, 40, 1)).isEqualTo(80);
  }

  @Test
  void whileOthersGenerateMoreIsReadIfSeveralPromptsWait() {
    assertThat(tokensRead(32, 1, 2)).isEqualTo(64);
    assertThat(tokensRead(32, 40, 2)).isEqualTo(80);
    assertThat(tokensRead(64, 1, 2)).isEqualTo(64);
  }

  /** Number of prompt tokens of a step beside {@code generating} decoding sequences. */
  private static int tokensRead(int leastTokens, int generating, int prompts) {
    List<Sequence> running = new ArrayList<>();
    for (int slot = 0; slot < prompts; slot++) {
      running.add(prompt(slot, 500));
    }
    for (int slot = prompts; slot < prompts + generating; slot++) {
      running.add(generating(slot, 5, 9));
    }
    StepPlan plan = scheduler(leastTokens, new FakeModel(64, 512)).plan(running, true);
    assertThat(plan.decodes()).hasSize(generating);
    return plan.promptTokens();
  }

  @Test
  void aStreamOfWholeRowsThatSitsOutAStepIsNotHeldUpByAsMuchAsAnIdleServerReads() {
    List<Sequence> running = List.of(prompt(0, 500), generating(1, 5, 9, Logprobs.top(257)));
    StepPlan plan = scheduler.plan(running, true);
    assertThat(plan.decodes()).isEmpty();
    assertThat(chunks(plan)).containsExactly("0:0-64");
  }

  @Test
  void theOldestPromptAndTheOneWithTheLeastLeftAreReadInTurns() {
    List<Sequence> running =
        List.of(generating(1, 5, 9), prompt(0, 400), prompt(2, 300), prompt(3, 20));
    assertThat(firstChunks(running)).containsExactly("0:0-64", "3:0-20", "0:0-64", "3:0-20");
    // What is left counts, not what was there.
    running.get(2).advance(290);
    assertThat(firstChunks(running)).containsExactly("0:0-64", "2:290-300", "0:0-64", "2:290-300");
  }

  @Test
  void aClientWithOnePromptDoesNotWaitForOneWithMany() {
    List<Sequence> running =
        List.of(
            generating(1, 5, 9),
            prompt(0, 100, "greedy"),
            prompt(2, 50, "greedy"),
            prompt(3, 400, "modest"));
    assertThat(firstChunks(running)).containsExactly("0:0-64", "3:0-64", "0:0-64", "3:0-64");
  }

  @Test
  void noTurnIsLostInStepsThatReadNoPrompt() {
    List<Sequence> running = List.of(generating(1, 5, 9), prompt(0, 400), prompt(2, 20));
    List<String> first = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      first.add(chunks(scheduler.plan(running, true)).get(0));
      scheduler.plan(running, false);
    }
    assertThat(first).containsExactly("0:0-64", "2:0-20", "0:0-64", "2:0-20");
  }

  /** The first chunk in each of four steps, none of which is executed. */
  private List<String> firstChunks(List<Sequence> running) {
    return IntStream.range(0, 4)
        .mapToObj(i -> chunks(scheduler.plan(running, true)).get(0))
        .toList();
  }

  @Test
  void noPromptIsReadWhenItIsNotTheirTurn() {
    StepPlan plan = scheduler.plan(List.of(prompt(0, 200), generating(1, 5, 9)), false);
    assertThat(plan.decodes()).hasSize(1);
    assertThat(plan.prompts()).isEmpty();
  }

  @Test
  void severalShortPromptsShareAStep() {
    StepPlan plan =
        scheduler.plan(
            List.of(generating(1, 5, 9), prompt(0, 30), prompt(2, 30), prompt(3, 30), prompt(4, 9)),
            true);
    assertThat(chunks(plan)).containsExactly("0:0-30", "2:0-30", "3:0-4");
  }

  @Test
  void whileNothingGeneratesMuchIsRead() {
    StepPlan plan = scheduler.plan(List.of(prompt(0, 150), prompt(1, 500)), true);
    assertThat(chunks(plan)).containsExactly("0:0-150", "1:0-362");
  }

  /** A step of their own would delay the first token more than this one takes longer. */
  @Test
  void theLastFewTokensOfAPromptAreReadWithThoseBeforeThem() {
    assertThat(chunks(scheduler.plan(List.of(generating(1, 5, 9), prompt(0, 80)), true)))
        .containsExactly("0:0-80");
    assertThat(chunks(scheduler.plan(List.of(generating(1, 5, 9), prompt(0, 81)), true)))
        .containsExactly("0:0-64");
  }

  @Test
  void logitsAreAskedForOnlyWhereTheyAreNeeded() {
    assertThat(logitRows(prompt(0, 100))).containsExactly(0, 1);
    assertThat(logitRows(scored(0, 100, 50))).containsExactly(15, 36);
    assertThat(logitRows(scored(0, 100, 90))).containsExactly(0, 11);
  }

  /** The numbers of rows of the chunks in which a prompt is read beside another sequence. */
  private List<Integer> logitRows(Sequence sequence) {
    List<Integer> rows = new ArrayList<>();
    while (sequence.prefilling()) {
      StepPlan plan = scheduler.plan(List.of(generating(1, 5, 9), sequence), true);
      Chunk chunk = plan.prompts().get(0);
      rows.add(chunk.logitRows());
      sequence.advance(chunk.end());
    }
    return rows;
  }

  @Test
  void aPromptThatBeginsAsOneThatIsBeingReadWaitsForIt() {
    FakeModel model = new FakeModel(8, 512, 8);
    PrefixCache cache = new PrefixCache(model);
    Scheduler sharing = new Scheduler(64, 64, 512, cache, DraftPlanner.OFF);
    List<Sequence> alike =
        List.of(sharing(0, 100, 100), sharing(1, 100, 100), sharing(2, 90, 80), sharing(3, 7, 7));
    StepPlan plan = sharing.plan(alike, true);
    // Seven tokens are read sooner than copied a step later.
    assertThat(chunks(plan)).containsExactly("0:0-100", "3:0-7");
    alike.get(0).advance(100);
    alike.get(3).advance(7);
    cache.retain(List.of(alike.get(0)));

    plan = sharing.plan(alike.subList(1, 3), true);

    assertThat(chunks(plan)).containsExactly("2:80-90", "1:99-100");
    assertThat(alike).extracting(Sequence::cachedTokens).containsExactly(0, 99, 80, 0);
  }

  @Test
  void promptsOfAnotherSaltOrWithoutACacheDoNotWait() {
    FakeModel model = new FakeModel(8, 512, 8);
    Sequence salted =
        sequence(1, 90, 1, PromptProbabilities.NONE, Logprobs.NONE, new PrefixReuse(90, "salt"));
    assertThat(chunks(scheduler(64, model).plan(List.of(sharing(0, 100, 100), salted), true)))
        .containsExactly("0:0-100", "1:0-90");
    assertThat(chunks(scheduler.plan(List.of(sharing(0, 100, 100), sharing(1, 100, 100)), true)))
        .containsExactly("0:0-100", "1:0-100");
  }

  private static Sequence sharing(int slot, int length, int shared) {
    return sequence(
        slot, length, 1, PromptProbabilities.NONE, Logprobs.NONE, PrefixReuse.first(shared));
  }

  private static List<String> chunks(StepPlan plan) {
    return plan.prompts().stream()
        .map(chunk -> "%d:%d-%d".formatted(chunk.slot(), chunk.start(), chunk.end()))
        .toList();
  }

  private static Sequence prompt(int slot, int length) {
    return prompt(slot, length, "");
  }

  private static Sequence prompt(int slot, int length, String client) {
    return RequestBuilder.request(new int[length], 10).inSlot(slot, client);
  }

  private static Sequence scored(int slot, int length, int from) {
    return sequence(slot, length, 0, PromptProbabilities.scoredFrom(from, 1));
  }

  /** A sequence whose last token stands at a position and is not in the cache yet. */
  private static Sequence generating(int slot, int position, int token) {
    return generating(slot, position, token, Logprobs.NONE);
  }

  private static Sequence generating(int slot, int position, int token, Logprobs logprobs) {
    Sequence sequence =
        sequence(slot, position, 10, PromptProbabilities.NONE, logprobs, PrefixReuse.NONE);
    sequence.advance(position);
    sequence.append(token, null, TOKENIZER);
    return sequence;
  }

  private static Sequence sequence(
      int slot, int length, int maxTokens, PromptProbabilities probabilities) {
    return sequence(slot, length, maxTokens, probabilities, Logprobs.NONE, PrefixReuse.NONE);
  }

  private static Sequence sequence(
      int slot,
      int length,
      int maxTokens,
      PromptProbabilities probabilities,
      Logprobs logprobs,
      PrefixReuse reuse) {
    return RequestBuilder.request(new int[length], maxTokens)
        .promptProbabilities(probabilities)
        .logprobs(logprobs)
        .reuse(reuse)
        .inSlot(slot);
  }
}
