package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.handle.StepKind;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.FinishReason;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The calls of an engine's observer. */
@Timeout(60)
class EngineObserverTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<Step> steps = new CopyOnWriteArrayList<>();
  private final List<RequestProgress> submitted = new CopyOnWriteArrayList<>();
  private FakeModel model;
  private Engine engine;

  private record Step(StepKind kind, int sequences, int promptTokens, int generatedTokens) {}

  private final class Observer implements EngineObserver {
    @Override
    public void submitted(RequestProgress progress) {
      submitted.add(progress);
    }

    @Override
    public void stepped(StepKind kind, int sequences, int prompt, int generated, long nanos) {
      assertThat(nanos).isNotNegative();
      steps.add(new Step(kind, sequences, prompt, generated));
    }
  }

  @BeforeEach
  void start() throws Exception {
    model = new FakeModel(2, 512, 6);
    engine =
        Engine.start(
            () -> model,
            Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales")),
            EngineSettings.withQueue(10).withObserver(new Observer()));
  }

  @AfterEach
  void close() {
    if (model.permits != null) {
      model.permits.release(1_000_000);
    }
    engine.close();
  }

  private static Generation generation(int[] prompt, int maxTokens, int choices) {
    return RequestBuilder.request(prompt, maxTokens).reusingPrompt().choices(choices);
  }

  private RequestProgress finish(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(LONG)).isTrue();
    return handle.progress();
  }

  @Test
  void everyStepAndTheProgressOfARequestAreTold() throws Exception {
    GenerationHandle handle = engine.submit(generation(new int[] {1, 2, 3}, 4, 1));
    RequestProgress progress = finish(handle);
    engine.close();

    assertThat(submitted).containsExactly(progress);
    assertThat(steps)
        .containsExactly(
            new Step(StepKind.PREFILL, 1, 3, 1),
            new Step(StepKind.DECODE, 1, 0, 1),
            new Step(StepKind.DECODE, 1, 0, 1),
            new Step(StepKind.DECODE, 1, 0, 1));
    assertThat(progress.id()).isEqualTo("test");
    assertThat(progress.isTask()).isFalse();
    assertThat(progress.promptTokens()).isEqualTo(3);
    assertThat(progress.maxTokens()).isEqualTo(4);
    assertThat(progress.generatedTokens()).isEqualTo(4);
    assertThat(progress.outcome()).contains(Outcome.FINISHED);
    assertThat(progress.finishReasons()).containsExactly(FinishReason.LENGTH);
    assertThat(
            List.of(
                Duration.ZERO,
                progress.untilStart().orElseThrow(),
                progress.untilPromptRead().orElseThrow(),
                progress.untilFirstToken().orElseThrow(),
                progress.untilEnd().orElseThrow()))
        .isSorted();
  }

  @Test
  void aPromptThatIsReadBesideTokensMakesAMixedStep() throws Exception {
    model.permits = new Semaphore(2);
    GenerationHandle first = engine.submit(generation(new int[] {1, 2, 3}, 50, 1));
    // It waits for the permit of its third step; then the other is there too.
    while (first.progress().generatedTokens() < 2) {
      Thread.onSpinWait();
    }
    GenerationHandle second = engine.submit(generation(new int[50], 1, 1));
    model.permits.release(1_000_000);
    finish(first);
    finish(second);
    engine.close();

    assertThat(steps)
        .contains(new Step(StepKind.MIXED, 2, 32, 1), new Step(StepKind.MIXED, 2, 18, 2));
    assertThat(steps.stream().mapToInt(Step::promptTokens).sum()).isEqualTo(53);
    assertThat(steps.stream().mapToInt(Step::generatedTokens).sum()).isEqualTo(51);
  }

  @Test
  void whatCameFromTheCacheIsTold() throws Exception {
    int[] prompt = new int[130];
    assertThat(finish(engine.submit(generation(prompt, 1, 1))).cachedTokens()).isZero();
    assertThat(finish(engine.submit(generation(prompt, 1, 1))).cachedTokens()).isEqualTo(129);
  }

  @Test
  void thePromptOfSeveralChoicesCountsOnce() throws Exception {
    RequestProgress progress = finish(engine.submit(generation(new int[] {1, 2, 3}, 4, 3)));

    assertThat(progress.promptTokens()).isEqualTo(3);
    assertThat(progress.generatedTokens()).isEqualTo(12);
    assertThat(progress.finishReasons()).hasSize(3).containsOnly(FinishReason.LENGTH);
  }

  @Test
  void aRequestThatIsCancelledWhileItWaitsNeverStarts() throws Exception {
    model.permits = new Semaphore(0);
    engine.submit(generation(new int[] {1}, 4, 2));
    while (engine.status().running() < 2) {
      Thread.onSpinWait();
    }
    GenerationHandle waiting = engine.submit(generation(new int[] {1}, 4, 1));
    assertThat(waiting.progress().outcome()).isEmpty();
    waiting.cancel();
    model.permits.release(1_000_000);
    RequestProgress progress = finish(waiting);

    assertThat(progress.outcome()).contains(Outcome.CANCELLED);
    assertThat(progress.untilStart()).isEmpty();
    assertThat(progress.untilFirstToken()).isEmpty();
    assertThat(progress.untilEnd()).isPresent();
    assertThat(progress.finishReasons()).isEmpty();
  }

  @Test
  void slicesOfTasksAreTold() throws Exception {
    TaskHandle<String> handle =
        engine.submit(
            new TaskRequest<>(
                "task", List.of(new int[] {1, 2}, new int[] {3}), m -> new ThreeSlices(), LONG));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    engine.close();

    assertThat(steps)
        .containsExactlyElementsOf(Collections.nCopies(3, new Step(StepKind.TASK, 0, 0, 0)));
    RequestProgress progress = handle.progress();
    assertThat(submitted).containsExactly(progress);
    assertThat(progress.isTask()).isTrue();
    assertThat(progress.promptTokens()).isEqualTo(3);
    assertThat(progress.outcome()).contains(Outcome.FINISHED);
    assertThat(progress.untilStart()).isPresent();
    assertThat(progress.untilPromptRead()).isEmpty();
  }

  private static final class ThreeSlices implements ModelTask<String> {
    private int done;

    @Override
    public boolean advance() {
      return ++done < 3;
    }

    @Override
    public String result() {
      return "done";
    }

    @Override
    public void close() {}
  }
}
