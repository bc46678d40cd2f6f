package io.github.gpt2server.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The jobs that wait for slots. A slot goes to the client who has the fewest, so that one with a
 * hundred requests does not keep out one with a single request; among a client's own jobs, and
 * where clients have as many as each other, to the job that waits longest.
 */
final class WaitingJobs {
  private final Deque<Job> jobs = new ArrayDeque<>();

  boolean isEmpty() {
    return jobs.isEmpty();
  }

  /** Adds a job behind those that wait. */
  void add(Job job) {
    jobs.add(job);
  }

  /** Removes a job; false if it does not wait. */
  boolean remove(Job job) {
    return jobs.remove(job);
  }

  /**
   * Takes the next job out.
   *
   * @param slots how many slots a client has
   * @param mayTakeSlot whether a job may have one now
   * @return null if none may
   */
  Job take(ToIntFunction<String> slots, Predicate<Job> mayTakeSlot) {
    Job next = null;
    int fewest = Integer.MAX_VALUE;
    for (Job job : jobs) {
      int count = slots.applyAsInt(job.client());
      if (count < fewest && mayTakeSlot.test(job)) {
        next = job;
        fewest = count;
      }
      if (fewest == 0) {
        break;
      }
    }
    if (next != null) {
      jobs.remove(next);
    }
    return next;
  }
}
