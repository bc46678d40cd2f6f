package io.github.gpt2server.engine.task;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.schedule.FairQueue;
import io.github.gpt2server.model.LanguageModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The tasks of the engine thread. A few are active and take turns, a slice each, so that a long
 * task does not delay short ones; the others wait, because a task may hold much memory. Clients
 * take turns as well: no client has all active tasks, and none gets two slices in a row while
 * another client's task is active.
 */
public final class TaskQueue {
  private static final int ACTIVE = 4;

  /** Leaves a place for another client. */
  private static final int ACTIVE_OF_A_CLIENT = ACTIVE - 1;

  private final Runnable onLeavingQueue;
  private final FairQueue<Task<?>> waiting = new FairQueue<>(Task::client);
  private final Deque<Task<?>> active = new ArrayDeque<>();
  private String lastClient;

  /**
   * Creates an empty queue.
   *
   * @param onLeavingQueue called for each task that stops waiting
   */
  public TaskQueue(Runnable onLeavingQueue) {
    this.onLeavingQueue = onLeavingQueue;
  }

  /** Adds an admitted task; ends it as failed if memory is short. */
  public void add(Task<?> task) {
    try {
      waiting.add(task);
    } catch (RuntimeException | Error e) {
      onLeavingQueue.run();
      task.end(Outcome.FAILED, Failures.report(task.handle().id(), e));
      Failures.requireSurvivable(e);
    }
  }

  public boolean isEmpty() {
    return waiting.isEmpty() && active.isEmpty();
  }

  public int size() {
    return waiting.size() + active.size();
  }

  /** Computes a slice of the task whose turn it is. */
  public void advance(LanguageModel model) {
    begin();
    Task<?> task = next();
    if (task == null) {
      return;
    }
    lastClient = task.client();
    try {
      if (task.advance(model)) {
        active.add(task);
      }
    } catch (RuntimeException | Error e) {
      fail(task, e);
    }
  }

  private void begin() {
    while (active.size() < ACTIVE) {
      Task<?> task =
          waiting.take(this::active, waits -> active(waits.client()) < ACTIVE_OF_A_CLIENT);
      if (task == null) {
        return;
      }
      task.handle().progress().start();
      active.add(task);
      onLeavingQueue.run();
    }
  }

  private int active(String client) {
    int count = 0;
    for (Task<?> task : active) {
      count += task.client().equals(client) ? 1 : 0;
    }
    return count;
  }

  /**
   * Removes the active task that has waited longest for a slice, of another client than the last
   * one's where there is one.
   */
  private Task<?> next() {
    Task<?> next = active.peek();
    for (Task<?> task : active) {
      if (!task.client().equals(lastClient)) {
        next = task;
        break;
      }
    }
    active.remove(next);
    return next;
  }

  private static void fail(Task<?> task, Throwable failure) {
    Failures.requireSurvivable(failure);
    try {
      task.end(Outcome.FAILED, Failures.report(task.handle().id(), failure));
    } catch (RuntimeException | Error e) {
      // Its tensors could not be freed; it has ended nevertheless.
      Failures.requireSurvivable(e);
      Failures.report(task.handle().id(), e);
    }
  }

  public void endCancelledAndLate(long now) {
    for (Task<?> task : all()) {
      Outcome outcome = task.handle().deadline().end(now);
      if (outcome != null) {
        end(task, outcome, null);
      }
    }
  }

  public void endAll(Throwable cause) {
    all().forEach(task -> end(task, Outcome.FAILED, cause));
  }

  private List<Task<?>> all() {
    List<Task<?>> all = new ArrayList<>(active);
    all.addAll(waiting.all());
    return all;
  }

  private void end(Task<?> task, Outcome outcome, Throwable cause) {
    if (waiting.remove(task)) {
      onLeavingQueue.run();
    }
    active.remove(task);
    task.end(outcome, cause);
  }
}
