package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.QueueFullException;

/**
 * Admits requests while the engine accepts requests and the queue is not full. Any thread may enter
 * a request; the engine thread reports when admitted ones leave the queue and which slots are free.
 */
public final class Admission {
  private final int maxQueue;
  private boolean open;
  private int slots;
  private int freeSlots;
  private int waiting;

  public Admission(int maxQueue) {
    this.maxQueue = maxQueue;
  }

  /** Accepts requests from now on, with {@code slotCount} free slots. */
  synchronized void open(int slotCount) {
    slots = slotCount;
    freeSlots = slotCount;
    open = true;
  }

  /** Refuses all requests from now on. */
  public synchronized void close() {
    open = false;
  }

  /**
   * Admits a request or throws.
   *
   * @param takeIn run if the request is admitted, in the same critical section
   * @throws QueueFullException if the queue is full
   * @throws EngineStoppedException if the engine does not accept requests any more
   */
  public synchronized void enter(Runnable takeIn) {
    if (!open) {
      throw new EngineStoppedException("the server is shutting down");
    }
    // Requests for which a slot is free wait only for the next turn of the engine thread.
    if (waiting >= maxQueue + freeSlots) {
      throw new QueueFullException(maxQueue);
    }
    // In this order: a request that cannot be taken in, for lack of memory, does not wait.
    takeIn.run();
    waiting++;
  }

  /** Counts a waiting request out. */
  public synchronized void leaveQueue() {
    waiting--;
  }

  /**
   * Counts a slot as taken.
   *
   * @param last whether it went to the last waiting sequence of a request, which so leaves the
   *     queue
   */
  synchronized void takeSlot(boolean last) {
    freeSlots--;
    if (last) {
      waiting--;
    }
  }

  /** Counts a slot as free again. */
  synchronized void freeSlot() {
    freeSlots++;
  }

  /** Number of slots, those in use included. */
  public synchronized int slots() {
    return slots;
  }

  public synchronized int waiting() {
    return waiting;
  }

  /** The engine's status, completed by what the engine thread knows. */
  public synchronized EngineStatus status(
      double kvCacheUsage, PrefixCacheStatus prefixCache, boolean alive) {
    return new EngineStatus(
        waiting, slots - freeSlots, slots, kvCacheUsage, prefixCache, alive, open);
  }
}
