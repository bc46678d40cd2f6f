package io.github.gpt2server.engine;

import static io.github.gpt2server.testing.RequestBuilder.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.engine.handle.EngineHandle;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks in the engine: they share its thread with sequences, end once, and free what they hold. */
@Timeout(60)
class EngineTaskTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private final List<Integer> stepsAtSlices = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger open = new AtomicInteger();
  private FakeModel model;
  private Engine engine;

  /** Counts its slices; each may wait for a permit, and one may throw. */
  private final class Counting implements ModelTask<String> {
    private final String name;
    private final int slices;
    private final int broken;
    private final Semaphore permits;
    private int done;

    Counting(String name, int slices, int broken, Semaphore permits) {
      this.name = name;
      this.slices = slices;
      this.broken = broken;
      this.permits = permits;
      open.incrementAndGet();
    }

    @Override
    public boolean advance() {
      if (permits != null) {
        permits.acquireUninterruptibly();
      }
      done++;
      log.add(name + done);
      stepsAtSlices.add(model.steps.get());
      if (done == broken) {
        throw new IllegalStateException("slice " + done);
      }
      return done < slices;
    }

    @Override
    public String result() {
      return name + " of " + done;
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }

  @BeforeEach
  void start() throws Exception {
    model = new FakeModel(2, 512);
    engine =
        Engine.start(
            () -> model,
            Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales")),
            EngineSettings.withQueue(6));
  }

  @AfterEach
  void close() {
    if (model.permits != null) {
      model.permits.release(1_000_000);
    }
    engine.close();
    assertThat(open).hasValue(0);
  }

  @Test
  void aTaskIsAdvancedToItsEndAndClosed() throws Exception {
    TaskHandle<String> handle = submit("a", 3, 0, null);
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    assertThat(handle.result()).isEqualTo("a of 3");
    assertThat(open).hasValue(0);
    assertThat(engine.awaitIdle(LONG)).isTrue();
  }

  @Test
  void tasksTakeTurns() throws Exception {
    Semaphore permits = new Semaphore(0);
    submit("first", 1, 0, permits);
    // Both are in before the first one ends.
    TaskHandle<String> a = submit("a", 3, 0, null);
    TaskHandle<String> b = submit("b", 2, 0, null);
    permits.release();
    assertThat(a.awaitEnd(LONG)).isTrue();
    assertThat(b.awaitEnd(LONG)).isTrue();
    assertThat(log).containsExactly("first1", "a1", "b1", "a2", "b2", "a3");
  }

  @Test
  void aClientWithManyTasksTakesTurnsWithOthers() throws Exception {
    Semaphore permits = new Semaphore(0);
    submit("first", "many", 1, permits);
    List<TaskHandle<String>> many = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d", "e")) {
      many.add(submit(name, "many", 2, null));
    }
    TaskHandle<String> other = submit("x", "other", 2, null);
    permits.release();
    for (TaskHandle<String> handle : many) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
    }
    assertThat(other.result()).isEqualTo("x of 2");
    assertThat(log)
        .containsExactly(
            "first1", "x1", "a1", "x2", "b1", "c1", "a2", "b2", "c2", "d1", "e1", "d2", "e2");
  }

  @Test
  void aClientLeavesAPlaceToOthers() throws Exception {
    Semaphore slices = new Semaphore(0);
    for (String name : List.of("a", "b", "c", "d")) {
      submit(name, "many", 1000, slices);
    }
    slices.release(4);
    // As many of them as may have begun.
    while (log.size() < 4) {
      Thread.onSpinWait();
    }
    TaskHandle<String> other = submit("x", "other", 1, null);
    slices.release(1);
    boolean ended = other.awaitEnd(Duration.ofSeconds(10));
    slices.release(1_000_000);
    // No task of the first client had ended.
    assertThat(ended).isTrue();
    assertThat(other.result()).isEqualTo("x of 1");
  }

  @Test
  void betweenTwoStepsOfAStreamThereIsOneSlice() throws Exception {
    model.permits = new Semaphore(1);
    GenerationHandle stream = engine.submit(request(new int[] {1, 2, 3}, 100).stream());
    assertThat(stream.poll(LONG)).isPresent();
    TaskHandle<String> task = submit("t", 10, 0, null);
    model.permits.release(1000);
    assertThat(task.awaitEnd(LONG)).isTrue();
    assertThat(stepsAtSlices).hasSize(10).doesNotHaveDuplicates();
    assertThat(stream.awaitEnd(LONG)).isTrue();
    assertThat(stream.outcome()).isEqualTo(Outcome.FINISHED);
  }

  @Test
  void promptsAndTasksTakeTurnsToo() throws Exception {
    Semaphore slices = new Semaphore(0);
    TaskHandle<String> task = submit("t", 50, 0, slices);
    // Read in one step each while nothing generates, so that steps alternate with slices.
    List<GenerationHandle> prompts = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      prompts.add(engine.submit(request(new int[400], 1).stream()));
    }
    slices.release(1000);
    assertThat(task.awaitEnd(LONG)).isTrue();
    assertThat(task.result()).isEqualTo("t of 50");
    for (GenerationHandle prompt : prompts) {
      assertThat(prompt.awaitEnd(LONG)).isTrue();
      assertThat(prompt.outcome()).isEqualTo(Outcome.FINISHED);
    }
  }

  @Test
  void aTaskThatThrowsHarmsNobodyElse() throws Exception {
    TaskHandle<String> bad = submit("bad", 3, 2, null);
    TaskHandle<String> good = submit("good", 3, 0, null);
    assertThat(bad.awaitEnd(LONG)).isTrue();
    assertThat(bad.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(bad.failure()).hasMessage("slice 2");
    assertThat(bad.result()).isNull();
    assertThat(good.awaitEnd(LONG)).isTrue();
    assertThat(good.outcome()).isEqualTo(Outcome.FINISHED);
  }

  @Test
  void aTaskThatCannotBeginFails() throws Exception {
    TaskHandle<String> handle =
        engine.submit(
            new TaskRequest<>(
                "t",
                List.of(),
                model -> {
                  throw new IllegalStateException("no");
                },
                LONG));
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void cancelledAndLateTasksEndAndGiveTheirPlacesBack() throws Exception {
    Semaphore slices = new Semaphore(0);
    List<TaskHandle<String>> handles = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      handles.add(submit("t" + i, 1000, 0, slices));
    }
    TaskHandle<String> late =
        engine.submit(
            new TaskRequest<>(
                "late",
                List.of(),
                model -> new Counting("late", 1000, 0, slices),
                Duration.ofMillis(1)));
    handles.forEach(EngineHandle::cancel);
    slices.release(1_000_000);
    for (TaskHandle<String> handle : handles) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
      assertThat(handle.outcome()).isEqualTo(Outcome.CANCELLED);
    }
    assertThat(late.awaitEnd(LONG)).isTrue();
    assertThat(late.outcome()).isEqualTo(Outcome.TIMED_OUT);
    assertThat(engine.awaitIdle(LONG)).isTrue();
    assertThat(engine.status().waiting()).isZero();
  }

  @Test
  void tasksCountInTheQueueUntilTheyBegin() {
    Semaphore slices = new Semaphore(0);
    // Two slots are free, so that 6 + 2 requests may come before the engine has looked.
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 20; i++) {
                submit("t" + i, 1, 0, slices);
              }
            })
        .isInstanceOf(QueueFullException.class);
    slices.release(1000);
  }

  @Test
  void closingEndsTasksAsFailed() throws Exception {
    Semaphore slices = new Semaphore(0);
    TaskHandle<String> running = submit("a", 1000, 0, slices);
    slices.release(1000);
    TaskHandle<String> other = submit("b", 100_000_000, 0, null);
    engine.close();
    for (TaskHandle<String> handle : List.of(running, other)) {
      assertThat(handle.awaitEnd(LONG)).isTrue();
    }
    assertThat(other.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(other.failure()).isInstanceOf(EngineStoppedException.class);
    assertThat(open).hasValue(0);
  }

  private TaskHandle<String> submit(String name, String client, int slices, Semaphore permits) {
    return engine.submit(
        new TaskRequest<>(
            name, List.of(), model -> new Counting(name, slices, 0, permits), LONG, client));
  }

  private TaskHandle<String> submit(String name, int slices, int broken, Semaphore permits) {
    return engine.submit(
        new TaskRequest<>(
            name, List.of(), model -> new Counting(name, slices, broken, permits), LONG));
  }
}
