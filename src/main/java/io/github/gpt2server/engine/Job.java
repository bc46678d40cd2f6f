package io.github.gpt2server.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A {@link Generation} inside the engine: what of it still waits, what runs, when it is over. */
final class Job {
  private final GenerationHandle handle;
  private final long deadline;
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private volatile boolean cancelled;

  /**
   * @param now the value of {@link System#nanoTime} at submission; clock changes do not touch it
   * @param wake tells the engine thread to look
   */
  Job(Generation generation, long now, Runnable wake) {
    this.deadline = now + generation.timeout().toNanos();
    this.handle =
        new GenerationHandle(
            generation,
            () -> {
              cancelled = true;
              wake.run();
            });
    for (int i = 0; i < generation.sequences().size(); i++) {
      waiting.add(i);
    }
  }

  GenerationHandle handle() {
    return handle;
  }

  boolean cancelled() {
    return cancelled;
  }

  boolean expired(long now) {
    return now - deadline > 0;
  }

  /** Whether a sequence of this job has no slot yet. */
  boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** Takes the next sequence that has no slot yet. */
  int takeWaiting() {
    return waiting.remove();
  }

  List<Sequence> running() {
    return running;
  }

  boolean complete() {
    return waiting.isEmpty() && running.isEmpty();
  }
}
