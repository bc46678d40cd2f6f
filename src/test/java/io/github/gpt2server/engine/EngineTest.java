package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The engine on a fake model: nothing is lost, nothing is harmed by others, everything is freed.
 */
@Timeout(60)
class EngineTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Few enough for blocks to be evicted all the time. */
  private static final int BLOCKS = 6;

  private FakeModel model;
  private Engine engine;

  /** About how much memory a token with the whole vocabulary takes. */
  private static final long ROW_BYTES = SequenceEvent.Token.BYTES + 4L * FakeModel.VOCAB;

  private void start(int slots, int maxQueue) throws Exception {
    model = new FakeModel(slots, 512, BLOCKS);
    engine =
        Engine.start(
            () -> model,
            TOKENIZER,
            EngineSettings.withQueue(maxQueue).withMaxUnreadBytes(16 * ROW_BYTES));
    model.plans.clear();
  }

  /** Lets no step happen until permits are given. */
  private void holdSteps() {
    model.permits = new Semaphore(0);
  }

  private void releaseSteps() {
    Semaphore held = model.permits;
    model.permits = null;
    held.release(1_000_000);
  }

  @AfterEach
  void close() {
    if (model.permits != null) {
      releaseSteps();
    }
    engine.close();
    assertThat(model.closed).isTrue();
  }

  @Test
  void manyRequestsOverFewSlotsAllGetTheirOwnContinuation() throws Exception {
    start(4, 1000);
    Random random = new Random(7);
    List<GenerationHandle> handles = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      int[] prompt = prompt(random, 300);
      handles.add(engine.submit(one(request(prompt, 1 + random.nextInt(30)))));
    }
    for (GenerationHandle handle : handles) {
      SequenceRequest request = handle.generation().sequences().get(0);
      assertThat(tokens(handle, 0))
          .isEqualTo(FakeModel.continuation(request.prompt(), request.maxTokens()));
    }
    assertIdle();
    assertThat(engine.status().prefixCache().hitTokens()).isPositive();
  }

  @Test
  void theSequencesOfOneGenerationRunBesideEachOther() throws Exception {
    start(3, 10);
    List<SequenceRequest> sequences =
        IntStream.range(0, 8).mapToObj(i -> request(new int[] {i, i + 1}, 5)).toList();
    GenerationHandle handle = engine.submit(new Generation("many", sequences, LONG, false));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    List<SequenceEvent> events = drain(handle);
    for (int i = 0; i < sequences.size(); i++) {
      int index = i;
      assertThat(
              events.stream()
                  .filter(event -> event.sequence() == index)
                  .filter(SequenceEvent.Token.class::isInstance)
                  .map(event -> ((SequenceEvent.Token) event).token()))
          .isEqualTo(FakeModel.continuation(new int[] {i, i + 1}, 5));
    }
    assertThat(events.stream().filter(SequenceEvent.Finished.class::isInstance)).hasSize(8);
  }

  @Test
  void aRequestOfManySequencesTakesTurnsWithOthers() throws Exception {
    start(2, 10);
    holdSteps();
    List<SequenceRequest> sequences =
        IntStream.range(0, 20).mapToObj(i -> request(new int[] {i}, 5)).toList();
    GenerationHandle many = engine.submit(new Generation("many", sequences, LONG, false));
    awaitTrue(() -> engine.status().running() == 2);
    GenerationHandle one = engine.submit(one(request(new int[] {7}, 5)));
    // The first two sequences of the one take five steps, then the other's turn has come.
    model.permits.release(11);
    assertThat(tokens(one, 0)).isEqualTo(FakeModel.continuation(new int[] {7}, 5));
    assertThat(many.awaitEnd(Duration.ZERO)).isFalse();
    releaseSteps();
    assertThat(many.awaitEnd(LONG)).isTrue();
    assertThat(many.outcome()).isEqualTo(Outcome.FINISHED);
  }

  @Test
  void aClientWithManyRequestsDoesNotKeepOutAnother() throws Exception {
    start(2, 100);
    holdSteps();
    List<SequenceRequest> two = List.of(request(new int[] {8}, 5), request(new int[] {9}, 5));
    List<GenerationHandle> many = new ArrayList<>();
    many.add(engine.submit(new Generation("two", two, LONG, false, "greedy")));
    awaitTrue(() -> engine.status().running() == 2);
    for (int i = 0; i < 50; i++) {
      many.add(engine.submit(one(request(new int[] {i}, 5)).of("greedy")));
    }
    GenerationHandle one = engine.submit(one(request(new int[] {7}, 5)).of("modest"));
    // The first two sequences take five steps; of the slots that are free then one is the other's.
    model.permits.release(11);
    assertThat(tokens(one, 0)).isEqualTo(FakeModel.continuation(new int[] {7}, 5));
    assertThat(many.get(4).awaitEnd(Duration.ZERO)).isFalse();
    releaseSteps();
    for (GenerationHandle handle : many) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    }
  }

  @Test
  void slotsThatAClientHasGivenBackDoNotCount() throws Exception {
    start(2, 100);
    for (int i = 0; i < 3; i++) {
      tokens(engine.submit(one(request(new int[] {i}, 5)).of("earlier")), 0);
    }
    holdSteps();
    engine.submit(one(request(new int[] {1}, 400)).of("other"));
    engine.submit(one(request(new int[] {2}, 1)).of("third"));
    GenerationHandle longest = engine.submit(one(request(new int[] {3}, 400)).of("other"));
    GenerationHandle later = engine.submit(one(request(new int[] {7}, 5)).of("earlier"));
    // Two steps at the most free a slot, and five are enough for the client's who has none.
    model.permits.release(7);
    assertThat(tokens(later, 0)).isEqualTo(FakeModel.continuation(new int[] {7}, 5));
    releaseSteps();
    assertThat(longest.awaitEnd(LONG)).isTrue();
  }

  @Test
  void aPoisonousRequestFailsAlone() throws Exception {
    start(8, 100);
    holdSteps();
    List<GenerationHandle> good = new ArrayList<>();
    List<GenerationHandle> bad = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      good.add(engine.submit(one(request(new int[] {i, 2 * i}, 20))));
      bad.add(engine.submit(one(request(new int[] {5, FakeModel.POISON, i}, 20))));
    }
    releaseSteps();
    for (GenerationHandle handle : bad) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(handle.failure()).hasMessage("poison");
    }
    for (GenerationHandle handle : good) {
      assertThat(tokens(handle, 0))
          .isEqualTo(FakeModel.continuation(handle.generation().sequences().get(0).prompt(), 20));
    }
    assertThat(model.cleared).hasSize(8);
    assertIdle();
  }

  @Test
  void logitsThatAreNotNumbersFailTheirRequestAlone() throws Exception {
    start(4, 10);
    GenerationHandle greedy = engine.submit(one(request(new int[] {FakeModel.NOT_A_NUMBER}, 5)));
    GenerationHandle sampled =
        engine.submit(one(sampled(new int[] {FakeModel.NOT_A_NUMBER}, 5, sampling(1, 3))));
    GenerationHandle good = engine.submit(one(request(new int[] {1}, 5)));
    assertThat(tokens(good, 0)).isEqualTo(FakeModel.continuation(new int[] {1}, 5));
    for (GenerationHandle handle : List.of(greedy, sampled)) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(handle.failure()).isInstanceOf(InvalidModelOutputException.class);
    }
    assertIdle();
  }

  /** Whole rows of logits are large: a stream that is not read must not pile them up. */
  @Test
  void aStreamOfWholeVocabulariesWaitsForItsReader() throws Exception {
    start(2, 10);
    int[] prompt = {1, 2, 3};
    GenerationHandle unread = engine.submit(wholeVocabulary(prompt, 100, LONG, true));
    GenerationHandle other = engine.submit(one(request(new int[] {5}, 300)));
    assertThat(other.awaitEnd(LONG)).isTrue();
    assertContinuations(other);
    assertThat(unread.progress().generatedTokens()).isEqualTo(16);
    List<SequenceEvent> events = new ArrayList<>();
    while (unread.outcome() == null) {
      unread.poll(LONG).ifPresent(events::add);
    }
    assertThat(unread.outcome()).isEqualTo(Outcome.FINISHED);
    assertThat(events).hasSize(100 + 1);
    assertIdle();
  }

  /** Many small events take as much memory as few large ones. */
  @Test
  void aStreamOfManyLogprobsWaitsForItsReader() throws Exception {
    start(2, 10);
    int[] ids = new int[1000];
    long bytes = SequenceEvent.Token.BYTES + TopTokens.bytes(100) + 4L * ids.length;
    SequenceRequest request =
        RequestBuilder.request(new int[] {1}, 100).logprobs(new Logprobs(true, 100, ids)).build();
    GenerationHandle unread = engine.submit(new Generation("many", List.of(request), LONG, true));
    GenerationHandle other = engine.submit(one(request(new int[] {5}, 300)));
    assertThat(other.awaitEnd(LONG)).isTrue();
    assertThat(unread.progress().generatedTokens())
        .isEqualTo((int) ((16 * ROW_BYTES + bytes - 1) / bytes));
    assertThat(readTokens(unread)).isEqualTo(FakeModel.continuation(new int[] {1}, 100));
    assertIdle();
  }

  /** A stream whose tokens all fit runs to its end, read or not, and frees its slot. */
  @Test
  void aStreamOfFewBytesDoesNotWait() throws Exception {
    start(1, 10);
    int tokens = (int) (16 * ROW_BYTES / SequenceEvent.Token.BYTES);
    SequenceRequest request = RequestBuilder.request(new int[] {1}, Math.min(tokens, 400)).build();
    GenerationHandle unread = engine.submit(new Generation("few", List.of(request), LONG, true));
    assertThat(engine.awaitIdle(LONG)).isTrue();
    assertThat(readTokens(unread))
        .isEqualTo(FakeModel.continuation(new int[] {1}, Math.min(tokens, 400)));
  }

  /** Stalled streams keep their slots, so slow consumers must not take all of them. */
  @Test
  void streamsOfWholeVocabulariesLeaveSlotsToOthers() throws Exception {
    start(4, 10);
    List<GenerationHandle> unread = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      unread.add(engine.submit(wholeVocabulary(new int[] {i}, 100, LONG, true)));
    }
    awaitTrue(() -> engine.status().running() == 3);
    for (int i = 0; i < 5; i++) {
      assertThat(tokens(engine.submit(one(request(new int[] {i, 7}, 20))), 0))
          .isEqualTo(FakeModel.continuation(new int[] {i, 7}, 20));
    }
    assertThat(engine.status().running()).isEqualTo(3);
    assertThat(engine.status().waiting()).isEqualTo(3);
    // Those that wait get the slots of those that were read.
    for (int i = 0; i < unread.size(); i++) {
      assertThat(readTokens(unread.get(i))).isEqualTo(FakeModel.continuation(new int[] {i}, 100));
    }
    assertIdle();
  }

  @Test
  void wholeVocabulariesThatNobodyStreamsTakeEverySlot() throws Exception {
    start(4, 10);
    holdSteps();
    List<SequenceRequest> four =
        Collections.nCopies(4, wholeVocabulary(new int[] {1}, 20, LONG, false).sequences().get(0));
    GenerationHandle whole = engine.submit(new Generation("four", four, LONG, false));
    awaitTrue(() -> engine.status().running() == 4);
    releaseSteps();
    assertThat(whole.awaitEnd(LONG)).isTrue();
    assertContinuations(whole);
  }

  @Test
  void aReaderThatLagsForeverIsLate() throws Exception {
    start(1, 10);
    GenerationHandle unread =
        engine.submit(wholeVocabulary(new int[] {1}, 100, Duration.ofMillis(300), true));
    assertThat(unread.awaitEnd(LONG)).isTrue();
    assertThat(unread.outcome()).isEqualTo(Outcome.TIMED_OUT);
    GenerationHandle whole = engine.submit(wholeVocabulary(new int[] {1}, 100, LONG, false));
    assertThat(whole.awaitEnd(LONG)).isTrue();
    assertThat(whole.outcome()).isEqualTo(Outcome.FINISHED);
    assertIdle();
  }

  private static Generation wholeVocabulary(
      int[] prompt, int maxTokens, Duration timeout, boolean streaming) {
    SequenceRequest request =
        RequestBuilder.request(prompt, maxTokens).logprobs(Logprobs.top(FakeModel.VOCAB)).build();
    return new Generation("whole", List.of(request), timeout, streaming);
  }

  @Test
  void whatFailsLeavesNothingInThePrefixCache() throws Exception {
    start(4, 10);
    int[] broken = new Random(1).ints(150, 0, 900).toArray();
    broken[149] = FakeModel.NOT_A_NUMBER;
    GenerationHandle handle = engine.submit(one(request(broken, 5)));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(engine.awaitIdle(LONG)).isTrue();
    assertThat(engine.status().prefixCache().usage()).isZero();
  }

  @Test
  void whatIsCancelledHalfWayLeavesWholeBlocksOnly() throws Exception {
    start(1, 10);
    int[] prompt = new Random(2).ints(300, 0, 900).toArray();
    int[] other = new Random(3).ints(500, 0, 900).toArray();
    holdSteps();
    GenerationHandle cancelled = engine.submit(one(request(prompt, 1)));
    cancelled.cancel();
    GenerationHandle before = engine.submit(one(request(other, 1)));
    releaseSteps();
    assertThat(cancelled.awaitEnd(LONG)).isTrue();
    for (GenerationHandle handle : List.of(before, engine.submit(one(request(prompt, 9))))) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertContinuations(handle);
    }
    assertIdle();
  }

  @Test
  void cancellingFreesTheSlotWithinOneStepWhileGenerating() throws Exception {
    start(1, 10);
    holdSteps();
    GenerationHandle first = engine.submit(one(request(new int[] {1}, 500)));
    model.permits.release(3);
    awaitTrue(() -> model.permits.getQueueLength() == 1 && model.permits.availablePermits() == 0);
    int[] prompt = {2, 3};
    GenerationHandle second = engine.submit(one(request(prompt, 1)));
    first.cancel();
    int before = model.steps.get();
    // At most the step in flight still belongs to the first; the next reads the second's prompt.
    model.permits.release(2);
    assertThat(tokens(second, 0)).isEqualTo(FakeModel.continuation(prompt, 1));
    assertThat(model.steps.get() - before).isLessThanOrEqualTo(2);
    assertThat(first.awaitEnd(LONG)).isTrue();
    assertThat(first.outcome()).isEqualTo(Outcome.CANCELLED);
  }

  @Test
  void cancellingFreesTheSlotWithinOneStepWhileThePromptIsRead() throws Exception {
    start(1, 10);
    holdSteps();
    GenerationHandle first = engine.submit(one(request(new int[512 - 10], 10)));
    awaitTrue(() -> engine.status().running() == 1);
    first.cancel();
    int[] prompt = {2, 3};
    GenerationHandle second = engine.submit(one(request(prompt, 1)));
    model.permits.release(2);
    assertThat(tokens(second, 0)).isEqualTo(FakeModel.continuation(prompt, 1));
    assertThat(first.awaitEnd(LONG)).isTrue();
    assertThat(first.outcome()).isEqualTo(Outcome.CANCELLED);
  }

  @Test
  void cancellingInTheQueueGivesThePlaceBack() throws Exception {
    start(1, 1);
    holdSteps();
    GenerationHandle running = engine.submit(one(request(new int[] {1}, 3)));
    awaitTrue(() -> engine.status().running() == 1);
    GenerationHandle queued = engine.submit(one(request(new int[] {2}, 3)));
    assertThatThrownBy(() -> engine.submit(one(request(new int[] {3}, 3))))
        .isInstanceOf(QueueFullException.class)
        .hasMessage("the queue is full: 1 waiting");
    queued.cancel();
    model.permits.release(1);
    assertThat(queued.awaitEnd(LONG)).isTrue();
    assertThat(queued.outcome()).isEqualTo(Outcome.CANCELLED);
    GenerationHandle next = engine.submit(one(request(new int[] {3}, 3)));
    releaseSteps();
    assertThat(tokens(next, 0)).isEqualTo(FakeModel.continuation(new int[] {3}, 3));
    assertThat(tokens(running, 0)).isEqualTo(FakeModel.continuation(new int[] {1}, 3));
  }

  @Test
  void theQueueTakesExactlyAsManyAsMayWaitBesideThoseThatRun() throws Exception {
    start(2, 3);
    holdSteps();
    int accepted = 0;
    try {
      for (; accepted < 100; accepted++) {
        engine.submit(one(request(new int[] {1}, 3)));
      }
    } catch (QueueFullException e) {
      assertThat(e.limit()).isEqualTo(3);
    }
    assertThat(accepted).isEqualTo(5);
    releaseSteps();
    awaitTrue(() -> engine.status().running() == 0);
  }

  @Test
  void whatIsLateEndsAsTimedOutRunningOrQueued() throws Exception {
    start(1, 10);
    holdSteps();
    Duration shortTime = Duration.ofMillis(50);
    GenerationHandle running =
        engine.submit(new Generation("a", List.of(request(new int[] {1}, 400)), shortTime, true));
    GenerationHandle queued =
        engine.submit(new Generation("b", List.of(request(new int[] {1}, 400)), shortTime, true));
    Thread.sleep(60);
    model.permits.release(1);
    for (GenerationHandle handle : List.of(running, queued)) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.TIMED_OUT);
    }
    assertIdle();
  }

  @Test
  void closingEndsEverythingAsFailedAndTakesNothingNew() throws Exception {
    start(2, 10);
    holdSteps();
    List<GenerationHandle> handles =
        IntStream.range(0, 5)
            .mapToObj(i -> engine.submit(one(request(new int[] {i}, 100))))
            .toList();
    Thread closer = new Thread(engine::close);
    closer.start();
    awaitTrue(() -> !engine.status().accepting());
    assertThatThrownBy(() -> engine.submit(one(request(new int[] {1}, 1))))
        .isInstanceOf(EngineStoppedException.class);
    model.permits.release(1);
    closer.join();
    for (GenerationHandle handle : handles) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(handle.failure()).isInstanceOf(EngineStoppedException.class);
    }
  }

  @Test
  void whenTheThreadDiesEveryRequestEndsAndTheStatusTells() throws Exception {
    start(2, 10);
    holdSteps();
    GenerationHandle good = engine.submit(one(request(new int[] {1}, 100)));
    GenerationHandle deadly = engine.submit(one(request(new int[] {FakeModel.DEATH}, 100)));
    GenerationHandle queued = engine.submit(one(request(new int[] {2}, 100)));
    releaseSteps();
    model.permits = null;
    for (GenerationHandle handle : List.of(good, deadly, queued)) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
      assertThat(handle.failure()).isInstanceOf(LinkageError.class);
    }
    awaitTrue(() -> !engine.status().alive());
    assertThatThrownBy(() -> engine.submit(one(request(new int[] {1}, 1))))
        .isInstanceOf(EngineStoppedException.class);
  }

  @Test
  void anExceptionOfTheLoaderIsThrownByStart() {
    model = new FakeModel(1, 16);
    model.close();
    assertThatThrownBy(
            () ->
                engine =
                    Engine.start(
                        () -> {
                          throw new IllegalArgumentException("no such model");
                        },
                        TOKENIZER,
                        EngineSettings.withQueue(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such model");
    engine = Engine.class.cast(null);
    assertThatLoaderLeavesNoThread();
  }

  private void assertThatLoaderLeavesNoThread() {
    awaitTrue(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("gpt2-engine")));
    try {
      start(1, 1);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Every request of a wild mix ends in exactly one outcome, and nothing is left behind. */
  @Test
  void nothingIsLostInAStorm() throws Exception {
    start(4, 10_000);
    Random random = new Random(11);
    List<GenerationHandle> handles = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      List<SequenceRequest> sequences = new ArrayList<>();
      for (int s = 0; s <= random.nextInt(3); s++) {
        int[] prompt = prompt(random, 100);
        if (random.nextInt(20) == 0) {
          prompt[random.nextInt(prompt.length)] = FakeModel.POISON;
        }
        sequences.add(request(prompt, random.nextInt(20)));
      }
      Duration timeout = random.nextInt(10) == 0 ? Duration.ofMillis(random.nextInt(30)) : LONG;
      GenerationHandle handle =
          engine.submit(new Generation("storm", sequences, timeout, random.nextBoolean()));
      handles.add(handle);
      if (random.nextInt(4) == 0) {
        handles.get(random.nextInt(handles.size())).cancel();
      }
    }
    Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
    for (GenerationHandle handle : handles) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      outcomes.merge(handle.outcome(), 1, Integer::sum);
      if (handle.outcome() == Outcome.FINISHED) {
        assertContinuations(handle);
      }
    }
    assertThat(outcomes.keySet()).contains(Outcome.FINISHED, Outcome.CANCELLED, Outcome.FAILED);
    assertThat(outcomes.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(1000);
    assertIdle();
  }

  @Test
  void stopTokensEndTheSequenceWithoutText() throws Exception {
    start(1, 1);
    List<Integer> all = FakeModel.continuation(new int[] {1}, 10);
    int stop = all.get(4);
    GenerationHandle handle =
        engine.submit(RequestBuilder.request(new int[] {1}, 10).stopTokens(Set.of(stop)).whole());
    handle.awaitEnd(LONG);
    List<SequenceEvent> events = drain(handle);
    assertThat(text(events))
        .isEqualTo(
            TOKENIZER.decode(all.subList(0, 4).stream().mapToInt(Integer::intValue).toArray()));
    SequenceEvent.Finished finished = (SequenceEvent.Finished) events.get(events.size() - 1);
    assertThat(finished.reason()).isEqualTo(FinishReason.STOP);
    assertThat(finished.stopToken()).isEqualTo(stop);
    assertThat(finished.stopString()).isNull();
    assertThat(events).hasSize(6);
  }

  @Test
  void stopStringsEndTheTextBeforeThemUnlessTheyAreIncludedOrTooEarly() throws Exception {
    start(1, 1);
    List<Integer> all = FakeModel.continuation(new int[] {1}, 12);
    String text = TOKENIZER.decode(all.stream().mapToInt(Integer::intValue).toArray());
    String stop = text.substring(9, 13);
    int begin = text.indexOf(stop);
    assertThat(run(stop, false, 0)).isEqualTo(text.substring(0, begin));
    assertThat(run(stop, true, 0)).isEqualTo(text.substring(0, begin + 4));
    assertThat(run(stop, false, 12)).isEqualTo(text);
    assertThat(run("no such text", false, 0)).isEqualTo(text);
  }

  private String run(String stop, boolean include, int minTokens) throws Exception {
    SamplingParameters sampling =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(), minTokens, 0);
    GenerationHandle handle =
        engine.submit(
            RequestBuilder.request(new int[] {1}, 12)
                .sampling(sampling)
                .stopString(stop, include)
                .whole());
    handle.awaitEnd(LONG);
    return text(drain(handle));
  }

  @Test
  void logProbabilitiesAreOfTheModelAndNotOfTheEditedLogits() throws Exception {
    start(1, 1);
    int best = FakeModel.continuation(new int[] {1}, 1).get(0);
    // One logit of 10 among 1,000 of 0.
    double sum = Math.log(Math.exp(10) + 999);
    SamplingParameters biased =
        new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(best, -100f), 0, 0);
    for (var sampling : List.of(SamplingParameters.GREEDY, biased)) {
      GenerationHandle handle = engine.submit(one(sampled(new int[] {1}, 1, sampling)));
      handle.awaitEnd(LONG);
      SequenceEvent.Token token = (SequenceEvent.Token) drain(handle).get(0);
      boolean plain = sampling.logitBias().isEmpty();
      assertThat(token.token()).isEqualTo(plain ? best : 0);
      assertThat((double) token.logprobs().logprob())
          .isCloseTo(plain ? 10 - sum : -sum, within(1e-5));
    }
  }

  @Test
  void promptsAreScoredAndTheNextTokensLogitsAreGiven() throws Exception {
    start(1, 1);
    int[] prompt = new int[200];
    prompt[0] = 1;
    List<Integer> rest = FakeModel.continuation(new int[] {1}, 199);
    for (int i = 1; i < 200; i++) {
      prompt[i] = i % 2 == 0 ? rest.get(i - 1) : 950;
      rest = null;
      int[] sofar = java.util.Arrays.copyOf(prompt, i + 1);
      rest = new ArrayList<>(java.util.Collections.nCopies(i, 0));
      rest.addAll(FakeModel.continuation(sofar, 1));
    }
    GenerationHandle handle =
        engine.submit(
            RequestBuilder.request(prompt, 0)
                .promptProbabilities(new PromptProbabilities(true, 3, 2, true))
                .whole());
    assertThat(handle.awaitEnd(LONG)).isTrue();
    List<SequenceEvent> events = drain(handle);
    SequenceEvent.PromptRead read = (SequenceEvent.PromptRead) events.get(0);
    assertThat(read.scores().logprobs()).hasSize(197);
    double sum = Math.log(Math.exp(5) + 999);
    for (int i = 3; i < 200; i++) {
      assertThat((double) read.scores().logprobs()[i - 3])
          .as("position %d", i)
          .isCloseTo(i % 2 == 0 ? 5 - sum : -sum, within(1e-5));
    }
    assertThat(read.nextTokenLogits()[rest.get(rest.size() - 1)]).isEqualTo(10);
    assertThat(events.get(1))
        .isEqualTo(new SequenceEvent.Finished(0, FinishReason.LENGTH, "", -1, null, 0));
  }

  @Test
  void anEchoHasTheLogprobsOfARankedPromptBesideItAndNothingElse() throws Exception {
    start(2, 1);
    int[] prompt = {1, FakeModel.continuation(new int[] {1}, 1).get(0), 950};
    List<SequenceRequest> sequences =
        Stream.of(PromptProbabilities.ECHO, PromptProbabilities.scoredFrom(1, 1))
            .map(
                wanted ->
                    RequestBuilder.request(prompt, 0)
                        .promptProbabilities(wanted)
                        .logprobs(Logprobs.top(2))
                        .build())
            .toList();
    GenerationHandle handle = engine.submit(new Generation("two", sequences, LONG, false));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    PromptScores[] scores = new PromptScores[2];
    for (SequenceEvent event : drain(handle)) {
      if (event instanceof SequenceEvent.PromptRead read) {
        scores[read.sequence()] = read.scores();
      }
    }
    float sum = (float) Math.log(Math.exp(10) + 999);
    for (PromptScores each : scores) {
      assertThat(each.details()).hasSize(2);
      assertThat(each.details().get(0).logprob()).isCloseTo(10 - sum, within(1e-5f));
      assertThat(each.details().get(1).logprob()).isCloseTo(-sum, within(1e-5f));
    }
    assertThat(scores[0].logprobs()).isEmpty();
    assertThat(scores[0].ranks()).isEmpty();
    assertThat(scores[1].logprobs()).containsExactly(new float[] {10 - sum, -sum}, within(1e-5f));
    assertThat(scores[1].ranks()).containsExactly(1, 2);
  }

  /** Every sequence is complete and wrote what follows its own prompt. */
  private static void assertContinuations(GenerationHandle handle) throws InterruptedException {
    List<SequenceRequest> sequences = handle.generation().sequences();
    List<List<Integer>> written = new ArrayList<>();
    sequences.forEach(sequence -> written.add(new ArrayList<>()));
    int ends = 0;
    for (SequenceEvent event : drain(handle)) {
      if (event instanceof SequenceEvent.Token token) {
        written.get(event.sequence()).add(token.token());
      }
      ends += event instanceof SequenceEvent.Finished ? 1 : 0;
    }
    assertThat(ends).isEqualTo(sequences.size());
    for (int i = 0; i < sequences.size(); i++) {
      SequenceRequest sequence = sequences.get(i);
      assertThat(written.get(i))
          .isEqualTo(FakeModel.continuation(sequence.prompt(), sequence.maxTokens()));
    }
  }

  private void assertIdle() throws InterruptedException {
    assertThat(engine.awaitIdle(LONG)).isTrue();
    EngineStatus status = engine.status();
    assertThat(status)
        .isEqualTo(new EngineStatus(0, 0, status.slots(), 0, status.prefixCache(), true, true));
  }

  /** A prompt that often begins as others do. */
  private static int[] prompt(Random random, int maxLength) {
    int[] prompt = random.ints(1 + random.nextInt(maxLength), 0, 900).toArray();
    if (random.nextInt(3) > 0) {
      int[] beginning = new Random(random.nextInt(3)).ints(200, 0, 900).toArray();
      int common = random.nextBoolean() ? prompt.length : random.nextInt(prompt.length);
      System.arraycopy(beginning, 0, prompt, 0, Math.min(common, beginning.length));
    }
    return prompt;
  }

  private static void awaitTrue(BooleanSupplier condition) {
    long end = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static List<Integer> tokens(GenerationHandle handle, int sequence)
      throws InterruptedException {
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    return drain(handle).stream()
        .filter(event -> event.sequence() == sequence)
        .filter(SequenceEvent.Token.class::isInstance)
        .map(event -> ((SequenceEvent.Token) event).token())
        .toList();
  }

  /** The tokens of a stream of one sequence, read as they come. */
  private static List<Integer> readTokens(GenerationHandle handle) throws InterruptedException {
    List<Integer> tokens = new ArrayList<>();
    while (handle.outcome() == null) {
      handle
          .poll(LONG)
          .filter(SequenceEvent.Token.class::isInstance)
          .ifPresent(event -> tokens.add(((SequenceEvent.Token) event).token()));
    }
    return tokens;
  }

  private static List<SequenceEvent> drain(GenerationHandle handle) throws InterruptedException {
    List<SequenceEvent> events = new ArrayList<>();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      events.add(event.get());
    }
    return events;
  }

  private static String text(List<SequenceEvent> events) {
    StringBuilder text = new StringBuilder();
    for (SequenceEvent event : events) {
      if (event instanceof SequenceEvent.Token token) {
        text.append(token.text());
      } else if (event instanceof SequenceEvent.Finished finished) {
        text.append(finished.text());
      }
    }
    return text.toString();
  }

  private static SamplingParameters sampling(double temperature, long seed) {
    return new SamplingParameters(temperature, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, seed);
  }

  private static SequenceRequest request(int[] prompt, int maxTokens) {
    return RequestBuilder.request(prompt, maxTokens).reusingPrompt().build();
  }

  private static SequenceRequest sampled(int[] prompt, int maxTokens, SamplingParameters sampling) {
    return RequestBuilder.request(prompt, maxTokens)
        .sampling(sampling)
        .logprobs(Logprobs.top(0))
        .reusingPrompt()
        .build();
  }

  private static Generation one(SequenceRequest request) {
    return new Generation("test", List.of(request), LONG, false);
  }
}
