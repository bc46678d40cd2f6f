package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.speculation.StepCosts;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Speculative decoding on a fake model, which soon repeats itself where a test needs that. */
@Timeout(60)
class SpeculationTest {
  private static final Gpt2Tokenizer TOKENIZER =
      Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Rows cost nothing, so that every possible draft token is computed. */
  private static final StepCosts FREE = new StepCosts(new int[] {1, 2}, new double[] {1, 1});

  private final DraftTokenCounter counter = new DraftTokenCounter();
  private FakeModel model;
  private Engine engine;

  @BeforeEach
  void start() throws Exception {
    model = new FakeModel(4, 512);
    engine =
        Engine.start(
            () -> model,
            TOKENIZER,
            EngineSettings.withQueue(100).withObserver(counter),
            any -> new DraftPlanner(FREE));
    model.plans.clear();
  }

  @AfterEach
  void close() {
    if (model.permits != null) {
      model.permits.release(1_000_000);
    }
    engine.close();
  }

  @Test
  void aTextThatRepeatsItselfTakesFewSteps() throws Exception {
    model.memory = 1;
    List<Integer> text = GeneratedTokens.of(engine.submit(generation(new int[] {5}, 400)));
    assertThat(text).hasSize(400);
    int[] next = new int[FakeModel.VOCAB];
    for (int i = 1; i < text.size(); i++) {
      int before = text.get(i - 1);
      assertThat(next[before]).as("each token has one that follows it").isIn(0, text.get(i));
      next[before] = text.get(i);
    }
    int distinct = Set.copyOf(text).size();
    assertThat(distinct).isLessThan(200);
    assertThat(model.plans).hasSizeLessThan(distinct + (400 - distinct) / 4);
    // The last step is reported after the text has ended.
    engine.close();
    // Every step generates one token and the accepted draft tokens.
    assertThat(counter.accepted.get()).isEqualTo(400 - model.plans.size());
    assertThat(counter.drafted.get())
        .isEqualTo(model.plans.stream().mapToInt(StepPlan::draftTokens).sum())
        .isGreaterThanOrEqualTo(counter.accepted.get());
  }

  /** The fake's next token is a hash of all before it, so that whatever is wrong shows. */
  @Test
  void rejectedDraftTokensLeaveNoTrace() throws Exception {
    Random random = new Random(3);
    List<GenerationHandle> handles = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int[] prompt = random.ints(200 + random.nextInt(200), 0, 900).toArray();
      handles.add(engine.submit(generation(prompt, 1 + random.nextInt(40))));
    }
    for (GenerationHandle handle : handles) {
      SequenceRequest request = handle.generation().sequences().get(0);
      assertThat(GeneratedTokens.of(handle))
          .isEqualTo(FakeModel.continuation(request.prompt(), request.maxTokens()));
    }
  }

  @Test
  void aMisleadingPromptChangesNothing() throws Exception {
    model.memory = 1;
    List<Integer> expected = GeneratedTokens.of(engine.submit(generation(new int[] {5}, 20)));
    // Each two tokens that will come, followed by one that will not.
    int[] prompt = new int[3 * 18 + 1];
    for (int i = 0; i < 18; i++) {
      prompt[3 * i] = expected.get(i);
      prompt[3 * i + 1] = expected.get(i + 1);
      prompt[3 * i + 2] = 901 + i;
    }
    prompt[prompt.length - 1] = 5;
    counter.reset();
    assertThat(GeneratedTokens.of(engine.submit(generation(prompt, 20)))).isEqualTo(expected);
    assertThat(counter.drafted.get()).isPositive();
    assertThat(counter.accepted.get()).isLessThan(counter.drafted.get());
  }

  @Test
  void aStepThatFailsWithDraftTokensIsRepeatedWithoutThem() throws Exception {
    model.memory = 1;
    List<Integer> expected = GeneratedTokens.of(engine.submit(generation(new int[] {5}, 200)));
    model.maxRows = 3;
    counter.drafted.set(0);
    GenerationHandle one = engine.submit(generation(new int[] {5}, 200));
    GenerationHandle other = engine.submit(generation(new int[] {5}, 200));
    assertThat(GeneratedTokens.of(one)).isEqualTo(expected);
    assertThat(GeneratedTokens.of(other)).isEqualTo(expected);
    assertThat(counter.drafted.get()).isPositive();
  }

  @Test
  void cancellationEndsAfterTheStepInFlight() throws Exception {
    model.memory = 1;
    List<Integer> expected = GeneratedTokens.of(engine.submit(generation(new int[] {5}, 300)));
    model.permits = new Semaphore(0);
    int before = model.plans.size();
    GenerationHandle handle = engine.submit(generation(new int[] {5}, 300));
    model.permits.release(60);
    while (model.permits.availablePermits() > 0 || model.permits.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    handle.cancel();
    int steps = model.plans.size() - before;
    model.permits.release(1);
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(model.plans.size() - before).isEqualTo(steps + 1);
    List<Integer> text = GeneratedTokens.soFar(handle);
    assertThat(text).isEqualTo(expected.subList(0, text.size())).hasSizeGreaterThan(61);
    assertThat(engine.awaitIdle(LONG)).isTrue();
  }

  @Test
  void aRejectedDraftTokenWhoseLogitsAreNotFiniteIsHarmless() throws Exception {
    model.memory = 1;
    List<Integer> expected = GeneratedTokens.of(engine.submit(generation(new int[] {5}, 9)));
    assertThat(counter.drafted.get()).isZero();
    // After its first two tokens stands another one here than what comes.
    int[] prompt = {expected.get(0), expected.get(1), FakeModel.NOT_A_NUMBER, 5};
    assertThat(GeneratedTokens.of(engine.submit(generation(prompt, 9)))).isEqualTo(expected);
    assertThat(counter.drafted.get()).isPositive();
  }

  private static Generation generation(int[] prompt, int maxTokens) {
    return RequestBuilder.request(prompt, maxTokens).stream();
  }
}
