package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.sampling.Candidates;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The KV-cache slots and the jobs that wait for them or run in them, from arrival to end. Streams
 * with large events may stall behind a slow consumer and keep their slots meanwhile; a reserve of
 * slots is therefore never given to them, so that slow consumers cannot starve the others. Engine
 * thread only.
 */
public final class SlotTable {
  /** The reserve for jobs that cannot stall is one of this many slots. */
  private static final int RESERVE_DIVISOR = 4;

  private final Admission admission;
  private final Gpt2Tokenizer tokenizer;
  private final Runnable onEnd;
  private final Set<Job> jobs = new LinkedHashSet<>();
  private final FairQueue<Job> queue = new FairQueue<>(Job::client);
  private final List<Sequence> running = new ArrayList<>();
  private final Map<String, Integer> slotsByClient = new HashMap<>();
  private final ThreadLocal<Candidates> candidates = ThreadLocal.withInitial(Candidates::new);
  private Sequence[] slots = new Sequence[0];

  /**
   * Creates a table without slots.
   *
   * @param admission notified when jobs leave the queue and when slots are taken or freed
   * @param onEnd called when a job has released its resources, before its submitter sees the end
   */
  public SlotTable(Admission admission, Gpt2Tokenizer tokenizer, Runnable onEnd) {
    this.admission = admission;
    this.tokenizer = tokenizer;
    this.onEnd = onEnd;
  }

  /** Accepts jobs from now on, to run in {@code slotCount} slots. */
  public void open(int slotCount) {
    slots = new Sequence[slotCount];
    admission.open(slotCount);
  }

  /** Adds an admitted job; ends it as failed if memory is short. */
  public void add(Job job) {
    try {
      if (job.slotsNeeded() > slots.length) {
        throw new IllegalArgumentException(
            "%d beams need as many slots, but there are %d"
                .formatted(job.slotsNeeded(), slots.length));
      }
      queue.add(job);
      jobs.add(job);
    } catch (RuntimeException | Error e) {
      queue.remove(job);
      admission.leaveQueue();
      job.handle().end(Outcome.FAILED, Failures.report(job.handle().id(), e));
      Failures.requireSurvivable(e);
    }
  }

  /** Number of jobs that wait or run. */
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

  /** Number of KV-cache positions in use. */
  public long positions() {
    return running.stream().mapToLong(Sequence::positions).sum();
  }

  /**
   * Gives free slots to waiting jobs, first to those of the client with the fewest slots. If the
   * next one is a search, the others wait until there are slots for all of its beams.
   */
  public void giveSlots() {
    while (!queue.isEmpty()) {
      // The lowest free slots, which keep the decoding sequences' view of the cache dense.
      int[] free = IntStream.range(0, slots.length).filter(slot -> slots[slot] == null).toArray();
      if (free.length == 0) {
        return;
      }
      Job job = queue.next(client -> slotsByClient.getOrDefault(client, 0), this::leavesReserve);
      if (job == null || job.slotsNeeded() > free.length) {
        return;
      }
      queue.remove(job);
      giveSlots(job, free);
    }
  }

  /**
   * Returns whether a job cannot stall, or there are slots for those that can; a search that needs
   * more than these alone runs without others.
   */
  private boolean leavesReserve(Job job) {
    if (!job.handle().mayStall()) {
      return true;
    }
    long stalling = running.stream().filter(each -> each.job().handle().mayStall()).count();
    int most = slotsForStalling(slots.length);
    return stalling + job.slotsNeeded() <= most || (stalling == 0 && job.slotsNeeded() > most);
  }

  /**
   * The number of slots that stalling streams may have: at least one, and fewer than all where
   * there are several.
   */
  private static int slotsForStalling(int slotCount) {
    return Math.max(1, slotCount - Math.max(1, slotCount / RESERVE_DIVISOR));
  }

  private void giveSlots(Job job, int[] free) {
    int index = job.takeWaiting();
    if (job.hasWaiting()) {
      // At the end: requests of many sequences take turns with those of one. The queue has just
      // lost this element, so that adding it allocates nothing.
      queue.add(job);
    }
    job.handle().progress().start();
    if (job.search() == null) {
      giveSlot(free[0], job, index, !job.hasWaiting());
      return;
    }
    List<Sequence> group = new ArrayList<>();
    for (int i = 0; i < job.slotsNeeded(); i++) {
      // Those that report nothing have the request of the first.
      int own = i < job.search().results() ? index + i : index;
      Sequence sequence = giveSlot(free[i], job, own, i == 0 && !job.hasWaiting());
      if (sequence == null) {
        return;
      }
      group.add(sequence);
    }
    try {
      SearchGroup.begin(job.search(), group, tokenizer);
    } catch (RuntimeException | Error e) {
      end(job, Outcome.FAILED, Failures.report(job.handle().id(), e));
      Failures.requireSurvivable(e);
    }
  }

  /**
   * Gives a slot to a sequence of a job.
   *
   * @param last whether it is the last to leave the queue
   * @return null if the job has ended because memory is short
   */
  private Sequence giveSlot(int slot, Job job, int index, boolean last) {
    admission.takeSlot(last);
    Sequence sequence = null;
    try {
      sequence = new Sequence(job, index, slot, candidates::get);
      job.running().add(sequence);
      running.add(sequence);
      slotsByClient.merge(job.client(), 1, Integer::sum);
      slots[slot] = sequence;
      return sequence;
    } catch (RuntimeException | Error e) {
      running.remove(sequence);
      job.running().remove(sequence);
      admission.freeSlot();
      end(job, Outcome.FAILED, Failures.report(job.handle().id(), e));
      Failures.requireSurvivable(e);
      return null;
    }
  }

  /** Frees the slot of a sequence that has published its end, and ends a complete job. */
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
   * Ends a job: frees its slots and its place in the queue, and shows its submitter the end. The
   * only way out of the table. Allocates next to nothing, because memory may be short.
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
