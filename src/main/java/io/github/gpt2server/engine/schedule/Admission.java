package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.QueueFullException;

/**
 * Decides whether a request may come in: while the engine is open and fewer wait than may. Any
 * thread may ask; the engine thread tells what becomes of those who came in.
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

  /** Lets requests in from now on, for so many slots that are all free. */
  synchronized void open(int slotCount) {
    slots = slotCount;
    freeSlots = slotCount;
    open = true;
  }

  /** Lets nobody in from now on. */
  public synchronized void close() {
    open = false;
  }

  /**
   * Lets a request in, or refuses it.
   *
   * @param takeIn done if it comes in, before anybody else is asked
   * @throws QueueFullException if as many requests wait as may
   * @throws EngineStoppedException if the engine takes no new requests
   */
  public synchronized void enter(Runnable takeIn) {
    if (!open) {
      throw new EngineStoppedException("the server is shutting down");
    }
    // Requests on their way to a free slot wait only for the engine thread to look.
    if (waiting >= maxQueue + freeSlots) {
      throw new QueueFullException(maxQueue);
    }
    // In this order: what cannot be taken in, for want of memory, does not wait.
    takeIn.run();
    waiting++;
  }

  /** A request waits no longer. */
  public synchronized void leaveQueue() {
    waiting--;
  }

  /** A slot was given to a sequence; with its last sequence a request waits no longer. */
  synchronized void takeSlot(boolean last) {
    freeSlots--;
    if (last) {
      waiting--;
    }
  }

  /** A slot is free again. */
  synchronized void freeSlot() {
    freeSlots++;
  }

  public synchronized int waiting() {
    return waiting;
  }

  /** The engine's status, of which this knows the first two numbers and the last. */
  public synchronized EngineStatus status(
      double kvCacheUsage, PrefixCacheStatus prefixCache, boolean alive) {
    return new EngineStatus(waiting, slots - freeSlots, kvCacheUsage, prefixCache, alive, open);
  }
}
