package io.github.gpt2server.memory;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Admission control by memory. Memory is reserved before it is allocated, and a reservation that
 * would exceed the budget or its use's share is refused, so that the heap does not run out. An
 * eighth of the budget is reserved for small reservations, so that large ones cannot shut them out.
 *
 * <p>Thread-safe. Sums are raised by compare-and-set, so that they never exceed their limit, not
 * even for a moment.
 */
public final class MemoryBudget {

  /** The largest number of bytes of a small reservation. */
  static final long SMALL_BYTES = 512 << 10;

  private static final int RESERVE_PART = 8;

  /**
   * The time for which the figures are cached, because reading them takes longer than most
   * reservations.
   */
  private static final long FIGURES_NANOS = Duration.ofSeconds(1).toNanos();

  /** A budget that refuses nothing, for commands and tests. */
  public static final MemoryBudget UNLIMITED =
      new MemoryBudget(() -> new MemoryFigures(Long.MAX_VALUE, Long.MAX_VALUE, 0));

  private final Supplier<MemoryFigures> figures;
  private final AtomicLong total = new AtomicLong();
  private final Map<MemoryUse, AtomicLong> sums = new EnumMap<>(MemoryUse.class);
  private volatile Size size;

  /** Creates a budget that follows these figures. */
  public MemoryBudget(Supplier<MemoryFigures> figures) {
    this.figures = figures;
    for (MemoryUse use : MemoryUse.values()) {
      sums.put(use, new AtomicLong());
    }
    this.size = measured();
  }

  /** The budget, and when it was measured. */
  private record Size(long bytes, long nanos) {}

  /** The number of bytes that all requests together may hold. */
  public long bytes() {
    Size last = size;
    if (System.nanoTime() - last.nanos() > FIGURES_NANOS) {
      last = measured();
      size = last;
    }
    return last.bytes();
  }

  private Size measured() {
    return new Size(figures.get().budget(), System.nanoTime());
  }

  /** The number of bytes that are reserved for a use. */
  public long reserved(MemoryUse use) {
    return sums.get(use).get();
  }

  /** The largest number of bytes of one reservation for a use, if it is not small. */
  public long most(MemoryUse use) {
    long bytes = bytes();
    return use.share(bytes - bytes / RESERVE_PART);
  }

  /**
   * Reserves memory until the reservation is closed.
   *
   * @throws MemoryExceededException if the budget has no room; nothing is reserved
   */
  public Reservation reserve(MemoryUse use, long bytes) {
    Reservation reservation = new Reservation(use);
    reservation.resize(bytes);
    return reservation;
  }

  /**
   * Checks that the budget has room at the moment.
   *
   * @throws MemoryExceededException if it does not
   */
  public void requireRoom(MemoryUse use, long bytes) {
    reserve(use, bytes).close();
  }

  /** Raises a sum unless it would exceed its limit; returns whether it did. */
  private static boolean raise(AtomicLong sum, long bytes, long limit) {
    long before = sum.get();
    while (bytes <= limit - before) {
      if (sum.compareAndSet(before, before + bytes)) {
        return true;
      }
      before = sum.get();
    }
    return false;
  }

  /**
   * Memory that one request holds for one use. Used by one thread at a time, except {@link #close}.
   */
  public final class Reservation implements AutoCloseable {
    private final MemoryUse use;
    private long held;
    private boolean closed;

    private Reservation(MemoryUse use) {
      this.use = use;
    }

    /** The number of reserved bytes. */
    public synchronized long bytes() {
      return held;
    }

    /**
     * Changes the size of the reservation.
     *
     * @param bytes the new size
     * @throws MemoryExceededException if the budget has no room; the size stays as it was
     */
    public synchronized void resize(long bytes) {
      if (bytes < 0 || closed) {
        throw new IllegalStateException(
            "the reservation is closed, or the size is negative: " + bytes);
      }
      if (bytes > held) {
        raiseTo(bytes);
      } else {
        lower(held - bytes);
      }
      held = bytes;
    }

    private void raiseTo(long bytes) {
      long budget = MemoryBudget.this.bytes();
      long usable = bytes <= SMALL_BYTES ? budget : budget - budget / RESERVE_PART;
      long more = bytes - held;
      if (!raise(total, more, usable)) {
        throw new MemoryExceededException(use, bytes, MemoryBudget.this.most(use));
      }
      if (!raise(sums.get(use), more, use.share(usable))) {
        total.addAndGet(-more);
        throw new MemoryExceededException(use, bytes, MemoryBudget.this.most(use));
      }
    }

    private void lower(long bytes) {
      sums.get(use).addAndGet(-bytes);
      total.addAndGet(-bytes);
    }

    /** Releases the memory; repeated calls have no effect. */
    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        lower(held);
        held = 0;
      }
    }
  }
}
