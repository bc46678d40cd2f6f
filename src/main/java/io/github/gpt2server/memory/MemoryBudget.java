package io.github.gpt2server.memory;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Admits work by the memory that it takes. A use of memory is reserved before it is taken, and
 * refused where it would exceed the budget or its use's share of it, so that the heap does not run
 * out. An eighth is for small reservations alone: they find room where large ones fill the rest.
 *
 * <p>Any thread may reserve and give back. Sums are raised by comparing and setting, so that they
 * never exceed what they may be, not even for a moment.
 */
public final class MemoryBudget {

  /** Reservations of up to this number of bytes are small. */
  static final long SMALL_BYTES = 512 << 10;

  private static final int RESERVE_PART = 8;

  /** Reading the figures takes longer than most reservations. */
  private static final long FIGURES_NANOS = Duration.ofSeconds(1).toNanos();

  /** Refuses nothing; for commands and tests that are not about memory. */
  public static final MemoryBudget UNLIMITED =
      new MemoryBudget(() -> new MemoryFigures(Long.MAX_VALUE, Long.MAX_VALUE, 0));

  private final Supplier<MemoryFigures> figures;
  private final AtomicLong total = new AtomicLong();
  private final Map<MemoryUse, AtomicLong> sums = new EnumMap<>(MemoryUse.class);
  private volatile Size size;

  /** A budget that follows these figures. */
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

  /** The number of bytes that one reservation for a use may have, if it is not small. */
  public long most(MemoryUse use) {
    long bytes = bytes();
    return use.share(bytes - bytes / RESERVE_PART);
  }

  /**
   * Reserves memory until it is closed.
   *
   * @throws MemoryExceededException if there is no room; nothing is reserved then
   */
  public Reservation reserve(MemoryUse use, long bytes) {
    Reservation reservation = new Reservation(use);
    reservation.resize(bytes);
    return reservation;
  }

  /**
   * Whether there is room at the moment.
   *
   * @throws MemoryExceededException if there is not
   */
  public void requireRoom(MemoryUse use, long bytes) {
    reserve(use, bytes).close();
  }

  /** Raises a sum, unless it would exceed its limit. */
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
   * Memory that one request holds for one use. Not for several threads at once, except {@link
   * #close}.
   */
  public final class Reservation implements AutoCloseable {
    private final MemoryUse use;
    private long held;
    private boolean closed;

    private Reservation(MemoryUse use) {
      this.use = use;
    }

    /** The number of bytes that it holds. */
    public synchronized long bytes() {
      return held;
    }

    /**
     * Takes more, or gives back.
     *
     * @param bytes what it holds afterwards
     * @throws MemoryExceededException if there is no room; it holds as much as before then
     */
    public synchronized void resize(long bytes) {
      if (bytes < 0 || closed) {
        throw new IllegalStateException("a closed reservation, or less than nothing: " + bytes);
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

    /** Gives everything back; more than once does nothing. */
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
