package io.github.gpt2server.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBudgetTest {
  private static final long MB = 1 << 20;
  private static final List<MemoryUse> USES = List.of(MemoryUse.values());

  /** Half of a heap of 256 MB. */
  private final MemoryBudget budget =
      new MemoryBudget(() -> new MemoryFigures(8L << 30, 256 * MB, 0));

  @Test
  void reservesAndGivesBack() {
    MemoryBudget.Reservation reservation = budget.reserve(MemoryUse.BODIES, 10 * MB);
    assertThat(budget.reserved(MemoryUse.BODIES)).isEqualTo(10 * MB);
    assertThat(budget.reserved(MemoryUse.TEXTS)).isZero();

    reservation.resize(30 * MB);
    assertThat(budget.reserved(MemoryUse.BODIES)).isEqualTo(30 * MB);
    reservation.resize(5);
    assertThat(reservation.bytes()).isEqualTo(5);

    reservation.close();
    reservation.close();
    assertThat(budget.reserved(MemoryUse.BODIES)).isZero();
    assertThatThrownBy(() -> reservation.resize(1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aUseHasItsShareAndAllHaveTheBudget() {
    assertThat(budget.bytes()).isEqualTo(128 * MB);
    assertThat(budget.most(MemoryUse.BODIES)).isEqualTo(56 * MB);
    budget.reserve(MemoryUse.BODIES, 56 * MB);
    MemoryExceededException full =
        catchThrowableOfType(
            MemoryExceededException.class, () -> budget.reserve(MemoryUse.BODIES, MB));
    assertThat(full.neverFits()).isFalse();
    assertThat(full.use()).isEqualTo(MemoryUse.BODIES);

    budget.reserve(MemoryUse.TEXTS, 56 * MB);
    assertThatThrownBy(() -> budget.reserve(MemoryUse.ANSWERS, MB))
        .isInstanceOf(MemoryExceededException.class)
        .hasMessageContaining("answers");
    assertThat(budget.reserved(MemoryUse.ANSWERS)).isZero();
  }

  @Test
  void whatNeverFitsIsToldFromWhatDoesNotFitNow() {
    MemoryExceededException never =
        catchThrowableOfType(
            MemoryExceededException.class, () -> budget.reserve(MemoryUse.BODIES, 56 * MB + 1));
    assertThat(never.neverFits()).isTrue();
    assertThat(never.most()).isEqualTo(56 * MB);
    assertThat(never.asked()).isEqualTo(56 * MB + 1);
  }

  @Test
  void aRefusedGrowthLeavesWhatWasThere() {
    MemoryBudget.Reservation reservation = budget.reserve(MemoryUse.BODIES, 50 * MB);
    assertThatThrownBy(() -> reservation.resize(60 * MB))
        .isInstanceOf(MemoryExceededException.class);
    assertThat(reservation.bytes()).isEqualTo(50 * MB);
    assertThat(budget.reserved(MemoryUse.BODIES)).isEqualTo(50 * MB);
  }

  @Test
  void smallReservationsFindRoomBesideLargeOnes() {
    budget.reserve(MemoryUse.BODIES, 56 * MB);
    budget.reserve(MemoryUse.TEXTS, 56 * MB);
    List<MemoryBudget.Reservation> small = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      small.add(budget.reserve(MemoryUse.BODIES, MemoryBudget.SMALL_BYTES));
    }
    assertThatThrownBy(() -> small.get(0).resize(MemoryBudget.SMALL_BYTES + 1))
        .isInstanceOf(MemoryExceededException.class);
    assertThatThrownBy(() -> budget.reserve(MemoryUse.BODIES, 1))
        .isInstanceOf(MemoryExceededException.class);
    small.get(0).close();
    assertThat(budget.reserve(MemoryUse.BODIES, 1).bytes()).isEqualTo(1);
  }

  @Test
  void roomIsAskedForWithoutTakingIt() {
    budget.requireRoom(MemoryUse.BODIES, 56 * MB);
    assertThat(budget.reserved(MemoryUse.BODIES)).isZero();
    assertThatThrownBy(() -> budget.requireRoom(MemoryUse.BODIES, 57 * MB))
        .isInstanceOf(MemoryExceededException.class);
  }

  @Test
  void nothingIsRefusedWithoutALimit() {
    assertThat(MemoryBudget.UNLIMITED.reserve(MemoryUse.BODIES, 1L << 50).bytes())
        .isEqualTo(1L << 50);
  }

  /** Many threads take, grow, shrink and give back, while another looks at the sums. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void sumsNeverExceedTheBudgetAndAllIsGivenBack(long seed) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(9);
    try {
      Future<?> watch =
          threads.submit(
              () -> {
                while (!done.get()) {
                  long sum = 0;
                  for (MemoryUse use : USES) {
                    long reserved = budget.reserved(use);
                    sum += reserved;
                    if (reserved < 0 || reserved > use.share(budget.bytes())) {
                      over.set(true);
                    }
                  }
                  // Read one after the other, the sums may be of different moments.
                  if (sum > 2 * budget.bytes()) {
                    over.set(true);
                  }
                }
              });
      List<Future<Integer>> workers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        workers.add(threads.submit(worker(seed * 100 + i)));
      }
      int refused = 0;
      for (Future<Integer> worker : workers) {
        refused += worker.get();
      }
      done.set(true);
      watch.get();
      assertThat(refused).isPositive();
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
    assertThat(over).isFalse();
    for (MemoryUse use : USES) {
      assertThat(budget.reserved(use)).isZero();
    }
    // All of it can be had again.
    budget.reserve(MemoryUse.TEXTS, 84 * MB).close();
  }

  /** The number of its reservations that were refused. */
  private Callable<Integer> worker(long seed) {
    return () -> {
      Random random = new Random(seed);
      int refused = 0;
      for (int i = 0; i < 2000; i++) {
        MemoryUse use = USES.get(random.nextInt(USES.size()));
        try (MemoryBudget.Reservation reservation = budget.reserve(use, random.nextLong(32 * MB))) {
          for (int j = 0; j < 4; j++) {
            reservation.resize(random.nextLong(64 * MB));
          }
        } catch (MemoryExceededException e) {
          refused++;
        }
      }
      return refused;
    };
  }
}
