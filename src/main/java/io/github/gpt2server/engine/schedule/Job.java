package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.TextSearch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A {@link Generation} inside the engine, with its waiting and running sequences. */
public final class Job {
  private final GenerationHandle handle;
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();

  public Job(Generation generation, Deadline deadline, long maxUnreadBytes) {
    this.handle = new GenerationHandle(generation, deadline, maxUnreadBytes);
    int together = generation.search() == null ? 1 : generation.search().results();
    for (int i = 0; i < generation.sequences().size(); i += together) {
      waiting.add(i);
    }
  }

  public GenerationHandle handle() {
    return handle;
  }

  String client() {
    return handle.generation().client();
  }

  /** Returns whether a sequence of this job still waits for a slot. */
  boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** The search that generates the sequences, or null. */
  TextSearch search() {
    return handle.generation().search();
  }

  /** Number of slots in which the next waiting sequence runs: one, or those of a search. */
  int slotsNeeded() {
    return search() == null ? 1 : search().width();
  }

  /** Removes and returns the index of the next waiting sequence, of a search the first. */
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
