package io.github.gpt2server.engine;

import static io.github.gpt2server.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel.Need;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.handle.StepKind;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.NotEnoughMemoryException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.RequestBuilder;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Java has no memory for something: one request ends, the others and the engine go on. */
@Timeout(60)
class ShortageTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final SamplingParameters DRAWN =
      new SamplingParameters(1.5, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 42);
  private static final SamplingParameters EDITED =
      new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(5, 1f), 0, 0);

  private FakeModel model;
  private Engine engine;

  /** An observer that throws on request. */
  private static final class Broken implements EngineObserver {
    @Override
    public void submitted(RequestProgress progress) {
      throw new OutOfMemoryError("Java heap space");
    }

    @Override
    public void stepped(StepKind kind, int sequences, int prompt, int generated, long nanos) {
      throw new IllegalStateException("no such meter");
    }
  }

  @BeforeEach
  void start() throws Exception {
    start(EngineObserver.NONE);
  }

  private void start(EngineObserver observer) throws Exception {
    model = new FakeModel(8, 512, 6);
    Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    engine =
        Engine.start(() -> model, tokenizer, EngineSettings.withQueue(100).withObserver(observer));
  }

  @AfterEach
  void close() {
    model.shortage = null;
    engine.close();
    assertThat(model.closed).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      value = Need.class,
      names = {"CLOSE", "CLEAR"},
      mode = EnumSource.Mode.EXCLUDE)
  void whatOneRequestNeedsMemoryForEndsThatOneAlone(Need need) throws Exception {
    List<Generation> neighbors = neighbors();
    List<List<String>> alone = new ArrayList<>();
    for (Generation neighbor : neighbors) {
      alone.add(finished(engine.submit(neighbor)));
    }

    model.shortage = need;
    model.permits = new Semaphore(0);
    List<GenerationHandle> handles = neighbors.stream().map(engine::submit).toList();
    GenerationHandle hungry = engine.submit(hungry(need));
    List<GenerationHandle> behind = neighbors.stream().map(engine::submit).toList();
    model.permits.release(1_000_000);

    assertThat(hungry.awaitEnd(LONG)).isTrue();
    assertThat(hungry.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(hungry.failure())
        .isInstanceOf(NotEnoughMemoryException.class)
        .hasMessage("Java could not get more memory (Java heap space)");
    for (int i = 0; i < alone.size(); i++) {
      assertThat(finished(handles.get(i))).isEqualTo(alone.get(i));
      assertThat(finished(behind.get(i))).isEqualTo(alone.get(i));
    }
    assertThat(model.cleared).hasSize(1);
    assertIdle();
  }

  @Test
  void whatCannotBeFreedAfterAStepEndsNobody() throws Exception {
    model.shortage = Need.CLOSE;

    assertThat(finished(engine.submit(hungry(Need.CLOSE)))).hasSize(21);

    assertIdle();
  }

  /** The content of the slot is unknown, so that no request may go on. */
  @Test
  void aSlotThatCannotBeClearedEndsEveryRequestAndTheEngineBeginsAnew() throws Exception {
    int[] poisoned = {FakeModel.HUNGRY, FakeModel.POISON};
    model.shortage = Need.CLEAR;
    model.permits = new Semaphore(0);
    GenerationHandle other = engine.submit(request(new int[] {1, 2}, 100).reusingPrompt().whole());
    GenerationHandle hungry = engine.submit(request(poisoned, 5).whole());
    model.permits.release(1_000_000);

    for (GenerationHandle handle : List.of(hungry, other)) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
    }
    assertThat(hungry.failure()).hasMessage("poison");
    assertThat(other.failure()).isInstanceOf(NotEnoughMemoryException.class);
    List<String> after =
        finished(engine.submit(request(new int[] {1, 2}, 5).reusingPrompt().whole()));
    assertThat(after.subList(0, 5))
        .isEqualTo(
            FakeModel.continuation(new int[] {1, 2}, 5).stream().map(String::valueOf).toList());
    assertIdle();
  }

  @Test
  void aSequenceThatIsTooLargeForTheHeapEndsItsRequest() throws Exception {
    GenerationHandle large =
        engine.submit(request(new int[] {1}, Integer.MAX_VALUE - 1).choices(3));

    assertThat(large.awaitEnd(LONG)).isTrue();
    assertThat(large.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(large.failure()).isInstanceOf(NotEnoughMemoryException.class);
    assertThat(finished(engine.submit(neighbors().get(0)))).hasSize(31);
    assertIdle();
  }

  /** The usage of the caches is noted after each step, outside of any request. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void aTurnThatFailsForNobodyInParticularIsTriedAgain(int times) throws Exception {
    model.permits = new Semaphore(0);
    GenerationHandle handle = engine.submit(neighbors().get(0));
    model.shortCalls.set(times);
    model.permits.release(1_000_000);

    assertThat(finished(handle).subList(0, 30))
        .isEqualTo(
            FakeModel.continuation(new int[] {1, 2, 3}, 30).stream().map(String::valueOf).toList());
    assertIdle();
  }

  @Test
  void turnsThatGoOnFailingEndEveryRequestAndNotTheEngine() throws Exception {
    model.permits = new Semaphore(0);
    GenerationHandle handle = engine.submit(request(new int[] {1}, 400).whole());
    model.shortCalls.set(5);
    model.permits.release(1_000_000);

    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.failure()).isInstanceOf(NotEnoughMemoryException.class);
    assertThat(finished(engine.submit(neighbors().get(0)))).hasSize(31);
    assertIdle();
  }

  @Test
  void anObserverThatThrowsIsNoHindrance() throws Exception {
    engine.close();
    start(new Broken());

    GenerationHandle handle = engine.submit(neighbors().get(0));

    assertThat(finished(handle).subList(0, 30))
        .isEqualTo(
            FakeModel.continuation(new int[] {1, 2, 3}, 30).stream().map(String::valueOf).toList());
    assertIdle();
  }

  /** A task that gets no memory for one of its calls. */
  private static final class Starving implements ModelTask<String> {
    private final String call;

    Starving(String call) {
      this.call = call;
      need("start");
    }

    private void need(String now) {
      if (now.equals(call)) {
        throw new OutOfMemoryError("Java heap space");
      }
    }

    @Override
    public boolean advance() {
      need("advance");
      return false;
    }

    @Override
    public String result() {
      need("result");
      return "done";
    }

    @Override
    public void close() {
      need("close");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"start", "advance", "result", "close"})
  void aTaskThatGetsNoMemoryEndsAlone(String call) throws Exception {
    model.permits = new Semaphore(0);
    GenerationHandle stream = engine.submit(neighbors().get(0));
    TaskHandle<String> hungry = engine.submit(task(m -> new Starving(call)));
    TaskHandle<String> other = engine.submit(task(m -> new Starving("")));
    model.permits.release(1_000_000);

    assertThat(hungry.awaitEnd(LONG)).isTrue();
    assertThat(hungry.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(hungry.failure()).isInstanceOf(NotEnoughMemoryException.class);
    assertThat(other.awaitEnd(LONG)).isTrue();
    assertThat(other.result()).isEqualTo("done");
    assertThat(finished(stream)).hasSize(31);
    assertIdle();
  }

  private static TaskRequest<String> task(Function<LanguageModel, ModelTask<String>> start) {
    return new TaskRequest<>("task", List.of(), start, LONG);
  }

  /** One of each kind. */
  private static List<Generation> neighbors() {
    int[] prompt = {1, 2, 3};
    return Stream.of(
            request(prompt, 30),
            request(prompt, 30).sampling(DRAWN),
            request(prompt, 30).sampling(EDITED).logprobs(Logprobs.top(3)),
            request(new int[100], 3).promptProbabilities(PromptProbabilities.scoredFrom(1, 1)))
        .map(RequestBuilder::whole)
        .toList();
  }

  /** A request that has two sequences, both of which need something. */
  private static Generation hungry(Need need) {
    int[] prompt = {FakeModel.HUNGRY, 2, 3};
    RequestBuilder builder =
        switch (need) {
          case STEP, ARGMAX, CLOSE, CLEAR -> request(prompt, 20);
          case LOGITS, LOG_SUM_EXP ->
              request(prompt, 20).sampling(EDITED).logprobs(Logprobs.top(3));
          case SCORE ->
              request(prompt, 20).promptProbabilities(PromptProbabilities.scoredFrom(1, 1));
          case SOFTMAX -> request(prompt, 20).sampling(DRAWN);
        };
    return need == Need.CLOSE ? builder.whole() : builder.choices(2);
  }

  /** Every event of a generation that went well: tokens, log-probabilities, scores, ends. */
  private static List<String> finished(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.failure()).isNull();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    List<String> events = new ArrayList<>();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      events.add(text(event.get()));
    }
    return events;
  }

  private static String text(SequenceEvent event) {
    if (event instanceof SequenceEvent.Token token) {
      return token.token() + (token.logprobs() == null ? "" : " " + token.logprobs().logprob());
    }
    return event instanceof SequenceEvent.PromptRead read
        ? Arrays.toString(read.scores().logprobs())
        : event.toString();
  }

  private void assertIdle() throws InterruptedException {
    assertThat(engine.awaitIdle(LONG)).isTrue();
    EngineStatus status = engine.status();
    assertThat(status)
        .isEqualTo(new EngineStatus(0, 0, status.slots(), 0, status.prefixCache(), true, true));
  }
}
