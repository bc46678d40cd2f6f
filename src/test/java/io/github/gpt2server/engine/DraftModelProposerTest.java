package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.speculation.DraftModelProposer;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.speculation.StepCosts;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A draft model beside a real one, both fakes. The next token of either is a hash of all tokens
 * before it: no text repeats itself, and a draft model that has read wrong tokens predicts nothing.
 */
@Timeout(60)
class DraftModelProposerTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int CONTEXT = 1024;

  /** A step of the real model costs ten of the draft's, and its rows cost nothing. */
  private static final StepCosts REAL = new StepCosts(new int[] {1, 2}, new double[] {10, 10});

  private static final StepCosts DRAFT = new StepCosts(new int[] {1, 51}, new double[] {1, 2});

  private final DraftTokenCounter counter = new DraftTokenCounter();
  private final FakeModel model = new FakeModel(4, CONTEXT, 16);
  private FakeModel draft = new FakeModel(4, CONTEXT);
  private Engine engine;

  private void start() throws Exception {
    engine =
        Engine.start(
            () -> model,
            TOKENIZER,
            EngineSettings.withQueue(100).withObserver(counter),
            any -> new DraftPlanner(REAL, new DraftModelProposer(draft, DRAFT)));
    model.plans.clear();
  }

  @AfterEach
  void close() {
    if (model.permits != null) {
      model.permits.release(1_000_000);
    }
    engine.close();
    assertThat(draft.closed).isTrue();
  }

  @Test
  void acceptedDraftTokensSaveSteps() throws Exception {
    start();
    assertText(engine.submit(generation(prompt(5), 600)));
    engine.close();
    assertThat(counter.accepted.get())
        .isEqualTo(counter.drafted.get())
        .isEqualTo(600 - model.plans.size());
    assertThat(model.plans).hasSizeLessThan(600 / 6);
    // One further token of each draft is the token that the real model gives anyway.
    assertThat(draft.plans.size()).isLessThan(600 + 10);
  }

  @Test
  void tokensAreDrawnWithTheNumbersThatWillBeUsed() throws Exception {
    start();
    SamplingParameters drawn =
        new SamplingParameters(3, 400, 0.9, 0, 1, 1, 0, 0, Map.of(7, 5f), 0, 42);
    GenerationHandle handle = engine.submit(generation(prompt(5), 300, drawn));
    List<Integer> text = GeneratedTokens.of(handle);
    assertThat(Set.copyOf(text)).as("not what is likeliest").contains(7);
    assertThat(text)
        .isNotEqualTo(FakeModel.continuation(prompt(5), 300))
        .isEqualTo(plainly(handle.generation()));
    engine.close();
    assertThat(counter.accepted.get()).isEqualTo(counter.drafted.get()).isGreaterThan(200);
  }

  /** One that is unlike the real one draws other tokens, but its likeliest is the real one's. */
  @Test
  void whereOnlyThePeaksAreAlikeTheLikeliestTokenIsDrafted() throws Exception {
    draft.peak = 5;
    start();
    SamplingParameters drawn = new SamplingParameters(1.3, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 42);
    GenerationHandle handle = engine.submit(generation(prompt(5), 600, drawn));
    assertThat(GeneratedTokens.of(handle)).isEqualTo(plainly(handle.generation()));
    engine.close();
    // The likeliest has a chance of 0.69 in the real model, of 0.04 in the draft.
    assertThat((double) counter.accepted.get() / counter.drafted.get()).isBetween(0.35, 0.85);
    assertThat(counter.accepted.get()).isGreaterThan(200);
  }

  @Test
  void aLongPromptIsReadInChunks() throws Exception {
    start();
    assertText(engine.submit(generation(prompt(700), 200)));
    engine.close();
    // Without those of draft tokens, which have logits.
    List<List<Chunk>> chunks =
        draft.plans.stream()
            .map(StepPlan::prompts)
            .filter(some -> some.stream().anyMatch(chunk -> chunk.logitRows() == 0))
            .toList();
    // Seven of 64 tokens cost as much as a step of the real model, 9.9.
    assertThat(chunks).extracting(List::size).containsExactly(7, 4);
    assertThat(chunks.stream().flatMap(List::stream))
        .extracting(Chunk::start)
        .containsExactly(0, 64, 128, 192, 256, 320, 384, 448, 512, 576, 640);
    // What has been generated meanwhile is read with the rest.
    assertThat(chunks.get(1).get(3).end()).isEqualTo(701);
    assertThat(counter.accepted.get()).isEqualTo(counter.drafted.get()).isGreaterThan(150);
  }

  @Test
  void aPromptIsNotReadForAShortText() throws Exception {
    start();
    assertText(engine.submit(generation(prompt(300), 4)));
    assertThat(draft.plans).isEmpty();
  }

  @Test
  void rejectedDraftsSoonStop() throws Exception {
    draft.memory = 1;
    start();
    int tokens = 0;
    for (int i = 0; i < 4; i++) {
      assertText(engine.submit(generation(prompt(10 + i), 200)));
      tokens += 200;
    }
    engine.close();
    assertThat(counter.drafted.get()).isPositive();
    assertThat(counter.accepted.get()).isLessThan(10);
    assertThat(model.plans).hasSizeGreaterThan(tokens - 10);
    assertThat(draft.plans.size() * 1.0)
        .as("cost of drafting, of 10 for each token")
        .isBetween(1.0, 0.02 * 10 * tokens);
  }

  @Test
  void draftsThatBecomeRightAreUsedAgain() throws Exception {
    draft.memory = 1;
    start();
    model.permits = new Semaphore(400);
    GenerationHandle handle = engine.submit(generation(prompt(10), 900));
    awaitHeld();
    assertThat(counter.accepted.get()).isLessThan(10);
    draft.memory = Integer.MAX_VALUE;
    model.permits.release(1000);
    assertText(handle);
    engine.close();
    assertThat(counter.accepted.get()).isGreaterThan(200);
  }

  @Test
  void rejectedDraftTokensLeaveNoTrace() throws Exception {
    draft.slip = 7;
    start();
    Random random = new Random(3);
    List<GenerationHandle> handles = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      // Some begin alike and are found in the prefix cache.
      int[] prompt = prompt(i % 3 == 0 ? 200 : 1 + random.nextInt(200));
      handles.add(engine.submit(generation(prompt, 1 + random.nextInt(120))));
    }
    for (GenerationHandle handle : handles) {
      assertText(handle);
    }
    engine.close();
    assertThat(counter.accepted.get()).isGreaterThan(300).isLessThan(counter.drafted.get());
  }

  @Test
  void sequencesAreDraftedTogether() throws Exception {
    start();
    model.permits = new Semaphore(0);
    List<GenerationHandle> handles =
        IntStream.range(1, 5).mapToObj(i -> engine.submit(generation(prompt(i), 200))).toList();
    model.permits.release(1000);
    for (GenerationHandle handle : handles) {
      assertText(handle);
    }
    engine.close();
    assertThat(draft.plans)
        .anySatisfy(
            plan -> assertThat(plan.prompts()).extracting(Chunk::slot).containsExactly(0, 1, 2, 3));
    assertThat(model.plans).hasSizeLessThan(80);
  }

  /** Its cache is an array: a position beyond its end would make its step fail. */
  @Test
  void nothingIsDraftedBeyondTheDraftModelsContext() throws Exception {
    draft = new FakeModel(4, 100);
    start();
    assertText(engine.submit(generation(prompt(20), 300)));
    engine.close();
    int last =
        draft.plans.stream()
            .flatMap(StepPlan::chunks)
            .mapToInt(chunk -> chunk.end() - 1)
            .max()
            .orElseThrow();
    assertThat(last).isEqualTo(99);
    assertThat(counter.accepted.get()).isEqualTo(counter.drafted.get()).isBetween(60, 81);
  }

  @Test
  void aDraftThatFailsHarmsNobody() throws Exception {
    start();
    draft.maxRows = 1;
    List<GenerationHandle> handles =
        IntStream.range(1, 5).mapToObj(i -> engine.submit(generation(prompt(i), 50))).toList();
    for (GenerationHandle handle : handles) {
      assertText(handle);
    }
    draft.maxRows = Integer.MAX_VALUE;
    counter.drafted.set(0);
    assertText(engine.submit(generation(prompt(1), 50)));
    assertThat(counter.drafted.get()).as("who comes later is not left out").isPositive();
  }

  @Test
  void logitsOfADraftThatAreNotNumbersHarmNobody() throws Exception {
    start();
    int[] prompt = {5, FakeModel.NOT_A_NUMBER, 6};
    assertText(engine.submit(generation(prompt, 50)));
    draft.memory = 1;
    assertText(engine.submit(generation(prompt, 50)));
  }

  @Test
  void aDraftTokenThatStopsEndsTheDraft() throws Exception {
    start();
    List<Integer> expected = FakeModel.continuation(prompt(5), 60);
    int stop = expected.get(40);
    GenerationHandle handle =
        engine.submit(RequestBuilder.request(prompt(5), 60).stopTokens(Set.of(stop)).stream());
    assertThat(GeneratedTokens.of(handle))
        .isEqualTo(expected.subList(0, expected.indexOf(stop) + 1));
    engine.close();
    assertThat(
            model.plans.stream()
                .flatMap(plan -> plan.decodes().stream())
                .flatMapToInt(chunk -> IntStream.of(chunk.tokens())))
        .doesNotContain(stop);
    assertThat(counter.accepted.get()).isEqualTo(counter.drafted.get()).isGreaterThan(20);
  }

  @Test
  void whoeverCancelsGetsNoMoreThanTheStepInFlightBrings() throws Exception {
    start();
    model.permits = new Semaphore(20);
    GenerationHandle handle = engine.submit(generation(prompt(5), 900));
    awaitHeld();
    handle.cancel();
    int steps = model.plans.size();
    model.permits.release(1);
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(model.plans).hasSize(steps + 1);
    List<Integer> text = GeneratedTokens.soFar(handle);
    assertThat(text)
        .hasSizeGreaterThan(21)
        .isEqualTo(FakeModel.continuation(prompt(5), text.size()));
    model.permits.release(1000);
    assertText(engine.submit(generation(prompt(9), 100)));
  }

  /** Waits until the model waits for a permit. */
  private void awaitHeld() {
    while (model.permits.availablePermits() > 0 || model.permits.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
  }

  private static int[] prompt(int length) {
    return new Random(length).ints(length, 0, 900).toArray();
  }

  private static Generation generation(int[] prompt, int maxTokens) {
    return generation(prompt, maxTokens, SamplingParameters.GREEDY);
  }

  private static Generation generation(int[] prompt, int maxTokens, SamplingParameters sampling) {
    return RequestBuilder.request(prompt, maxTokens).sampling(sampling).reusingPrompt().stream();
  }

  /** The text that comes without any counter. */
  private static List<Integer> plainly(Generation generation) throws Exception {
    try (Engine plain =
        Engine.start(() -> new FakeModel(4, CONTEXT), TOKENIZER, EngineSettings.withQueue(1))) {
      return GeneratedTokens.of(plain.submit(generation));
    }
  }

  private static void assertText(GenerationHandle handle) throws InterruptedException {
    SequenceRequest request = handle.generation().sequences().get(0);
    assertThat(GeneratedTokens.of(handle))
        .isEqualTo(FakeModel.continuation(request.prompt(), request.maxTokens()));
  }
}
