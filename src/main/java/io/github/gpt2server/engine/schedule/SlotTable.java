package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.sampling.Candidates;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The jobs of the engine thread, from their arrival to their end: which wait for slots, and which
 * sequence runs in which slot. SlotTable that stop when their reader lags keep their slots
 * meanwhile; they leave some to the others, who are served whoever does not read.
 */
public final class SlotTable {
  /** What part of the slots is not for jobs that may lag. */
  private static final int OTHERS_SHARE = 4;

  private final Admission admission;
  private final Runnable onEnd;
  private final Set<Job> jobs = new LinkedHashSet<>();
  private final FairQueue<Job> queue = new FairQueue<>(Job::client);
  private final List<Sequence> running = new ArrayList<>();
  private final Map<String, Integer> slotsByClient = new HashMap<>();
  private final ThreadLocal<Candidates> candidates = ThreadLocal.withInitial(Candidates::new);
  private Sequence[] slots = new Sequence[0];

  /**
   * @param admission told what becomes of those whom it let in
   * @param onEnd called when a job has given back what it held, before its submitter is told
   */
  public SlotTable(Admission admission, Runnable onEnd) {
    this.admission = admission;
    this.onEnd = onEnd;
  }

  /** Lets jobs come in, to run in so many slots. */
  public void open(int slotCount) {
    slots = new Sequence[slotCount];
    admission.open(slotCount);
  }

  /** Takes in a job that was admitted; one that there is no room for ends at once. */
  public void add(Job job) {
    try {
      queue.add(job);
      jobs.add(job);
    } catch (RuntimeException | Error e) {
      queue.remove(job);
      admission.leaveQueue();
      job.handle().end(Outcome.FAILED, Failures.report(job.handle().id(), e));
      Failures.requireSurvivable(e);
    }
  }

  /** How many wait or run. */
  public int size() {
    return jobs.size();
  }

  /** The sequences that have a slot, oldest first. */
  public List<Sequence> running() {
    return Collections.unmodifiableList(running);
  }

  /** The sequence in a slot, or null. */
  public Sequence inSlot(int slot) {
    return slots[slot];
  }

  /** Positions of the KV cache in use. */
  public long positions() {
    return running.stream().mapToLong(Sequence::positions).sum();
  }

  /** Gives free slots to those who wait. */
  public void giveSlots() {
    // The lowest free slot, which keeps the decoding sequences' view of the cache dense.
    for (int slot = 0; slot < slots.length && !queue.isEmpty(); slot++) {
      if (slots[slot] == null) {
        boolean forAll = hasRoomForLagging();
        Job job =
            queue.take(
                client -> slotsByClient.getOrDefault(client, 0),
                waiting -> forAll || !waiting.handle().mayLag());
        if (job == null) {
          return;
        }
        giveSlot(slot, job);
      }
    }
  }

  private boolean hasRoomForLagging() {
    return running.stream().filter(sequence -> sequence.job().handle().mayLag()).count()
        < slotsForLagging(slots.length);
  }

  /** Of so many slots; at least one, and less than all where there are several. */
  private static int slotsForLagging(int slotCount) {
    return Math.max(1, slotCount - Math.max(1, slotCount / OTHERS_SHARE));
  }

  private void giveSlot(int slot, Job job) {
    int index = job.takeWaiting();
    if (job.hasWaiting()) {
      // Behind the others: a request of many sequences takes turns with those of one. It takes the
      // place that it had, so that this needs no memory.
      queue.add(job);
    }
    admission.takeSlot(!job.hasWaiting());
    job.handle().progress().start();
    Sequence sequence = null;
    try {
      sequence = new Sequence(job, index, slot, candidates::get);
      job.running().add(sequence);
      running.add(sequence);
      slotsByClient.merge(job.client(), 1, Integer::sum);
      slots[slot] = sequence;
    } catch (RuntimeException | Error e) {
      running.remove(sequence);
      job.running().remove(sequence);
      admission.freeSlot();
      end(job, Outcome.FAILED, Failures.report(job.handle().id(), e));
      Failures.requireSurvivable(e);
    }
  }

  /** Takes back the slot of a sequence that has published its end. */
  public void complete(Sequence sequence) {
    release(sequence);
    Job job = sequence.job();
    job.running().remove(sequence);
    if (job.complete()) {
      end(job, Outcome.FINISHED, null);
    }
  }

  public void endCancelledAndLate(long now) {
    for (Job job : List.copyOf(jobs)) {
      Outcome outcome = job.handle().deadline().end(now);
      if (outcome != null) {
        end(job, outcome, null);
      }
    }
  }

  public void endAll(Throwable cause) {
    List.copyOf(jobs).forEach(job -> end(job, Outcome.FAILED, cause));
  }

  /**
   * The one way out: gives back the slots and the place in the queue, and tells the submitter.
   * Needs as good as no memory, for it may be short.
   */
  public void end(Job job, Outcome outcome, Throwable cause) {
    if (!jobs.remove(job)) {
      return;
    }
    try {
      while (!job.running().isEmpty()) {
        release(job.running().remove(job.running().size() - 1));
      }
      if (queue.remove(job)) {
        admission.leaveQueue();
      }
      onEnd.run();
    } finally {
      job.handle().end(outcome, cause);
    }
  }

  private void release(Sequence sequence) {
    if (slots[sequence.slot()] == sequence) {
      slots[sequence.slot()] = null;
      running.remove(sequence);
      slotsByClient.computeIfPresent(
          sequence.job().client(), (client, count) -> count == 1 ? null : count - 1);
      admission.freeSlot();
    }
  }
}
