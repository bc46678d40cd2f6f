package io.github.gpt2server.engine.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplingThreadsTest {
  private static final int VOCABULARY = 50_257;

  @Test
  void everyDrawRunsOnceAndKeepsItsToken() {
    AtomicIntegerArray runs = new AtomicIntegerArray(100);
    List<FutureTask<Integer>> draws =
        IntStream.range(0, 100)
            .mapToObj(i -> new FutureTask<>(() -> 1000 * runs.incrementAndGet(i) + i))
            .toList();

    try (SamplingThreads threads = new SamplingThreads(4)) {
      threads.run(draws, VOCABULARY);
    }

    assertThat(draws.stream().map(SamplingThreads::token))
        .isEqualTo(IntStream.range(1000, 1100).boxed().toList());
  }

  @Test
  void twoDrawsRunAtOnce() {
    CyclicBarrier both = new CyclicBarrier(2);
    List<FutureTask<Integer>> draws =
        IntStream.range(0, 2)
            .mapToObj(i -> new FutureTask<>(() -> both.await(20, TimeUnit.SECONDS)))
            .toList();

    try (SamplingThreads threads = new SamplingThreads(2)) {
      threads.run(draws, VOCABULARY);
    }

    assertThat(draws.stream().map(SamplingThreads::token)).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void oneThreadIsTheCallers() {
    Set<Thread> used = ConcurrentHashMap.newKeySet();
    FutureTask<Integer> draw = new FutureTask<>(() -> used.add(Thread.currentThread()) ? 1 : 2);
    FutureTask<Integer> other = new FutureTask<>(() -> used.add(Thread.currentThread()) ? 1 : 2);

    try (SamplingThreads threads = new SamplingThreads(1)) {
      threads.run(List.of(draw, other), VOCABULARY);
    }

    assertThat(used).containsExactly(Thread.currentThread());
  }

  @Test
  void aDrawThatGetsNoMemoryIsNotTheOthersMatter() {
    FutureTask<Integer> hungry =
        new FutureTask<>(
            () -> {
              throw new OutOfMemoryError("Java heap space");
            });
    FutureTask<Integer> good = new FutureTask<>(() -> 7);

    try (SamplingThreads threads = new SamplingThreads(2)) {
      threads.run(List.of(hungry, good), VOCABULARY);
    }

    assertThat(SamplingThreads.token(good)).isEqualTo(7);
    assertThatThrownBy(() -> SamplingThreads.token(hungry)).isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void whatOneDrawThrowsIsItsOwn() {
    FutureTask<Integer> bad =
        new FutureTask<>(
            () -> {
              throw new IllegalStateException("no token can be drawn");
            });
    FutureTask<Integer> good = new FutureTask<>(() -> 7);

    try (SamplingThreads threads = new SamplingThreads(2)) {
      threads.run(List.of(bad, good), VOCABULARY);
    }

    assertThat(SamplingThreads.token(good)).isEqualTo(7);
    assertThatThrownBy(() -> SamplingThreads.token(bad))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no token can be drawn");
  }
}
