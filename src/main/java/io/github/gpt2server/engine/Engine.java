package io.github.gpt2server.engine;

import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.StepKind;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.engine.schedule.Admission;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.Job;
import io.github.gpt2server.engine.schedule.PrefixCache;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.engine.schedule.Scheduler;
import io.github.gpt2server.engine.schedule.Sequence;
import io.github.gpt2server.engine.schedule.SlotTable;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.step.SamplingThreads;
import io.github.gpt2server.engine.step.StepExecutor;
import io.github.gpt2server.engine.task.Task;
import io.github.gpt2server.engine.task.TaskQueue;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns submitted {@link Generation}s into events, and answers {@link TaskRequest}s.
 *
 * <h2>Threads</h2>
 *
 * <p>One thread, {@code gpt2-engine}, owns the model, the KV-cache slots, the prefix cache, every
 * {@link Job} and every {@link Task}: it loads the model, computes every step, publishes every
 * event and frees the model. libtorch binds its thread pool to the thread that calls it, and state
 * with one owner needs no locks. {@link SamplingThreads} help it draw tokens within a step, and the
 * step waits for them. All other threads only submit requests, read and cancel them by their
 * handles, look at {@link #status}, and shut the engine down.
 *
 * <p>In each turn the engine thread takes in the submitted requests, ends those that are cancelled
 * or late, gives free slots to waiting requests (first to the client with the fewest slots), plans
 * a step and executes it. If the step read no prompt chunk, one slice of a task follows. With
 * nothing to do the thread parks until a submission, a cancellation or {@link #close} wakes it.
 *
 * <h2>States</h2>
 *
 * <p>The engine is <i>starting</i> until {@link #start} returns or throws; <i>accepting</i>; then
 * <i>draining</i> after {@link #stopAccepting}: new requests are refused, admitted ones go on; and
 * at last <i>stopped</i>, after {@link #close} or because its thread died. A request is in the
 * inbox, then waits, then runs, and ends with exactly one {@link Outcome}; a generation runs once
 * its first sequence has a slot. Whatever the outcome, a generation releases its slots in {@link
 * SlotTable#end} alone and a task its memory in {@link TaskQueue} alone.
 *
 * <h2>Ordering</h2>
 *
 * <ul>
 *   <li>A submission happens before the engine thread's work on it, because it passes through the
 *       concurrent {@code inbox}. A request is admitted and put there in one critical section of
 *       {@link Admission}; {@code endAll} closes the admission before it empties the inbox for the
 *       last time, so that no admitted request is left behind.
 *   <li>The events of a request are read in the order in which they were published, because they
 *       pass through the handle's blocking queue. The end comes after all of them. When the
 *       submitter sees it, the request's slots and its place in the queue are free; the handle's
 *       monitor and latch order the two.
 *   <li>The engine thread reads the volatile flag of cancellation and compares the deadline with
 *       the clock once a turn, so that a request takes part in one more step at most.
 *   <li>No wake-up is lost: every change is written before {@link LockSupport#unpark}, whose permit
 *       makes the next park return at once.
 *   <li>{@link #status} reads the numbers of waiting requests and of slots under the lock of {@link
 *       Admission}; submitting threads change the first too. The other numbers are volatile and
 *       written by the engine thread alone. They need not be of the same turn.
 * </ul>
 *
 * <h2>Back-pressure</h2>
 *
 * <p>A bounded number of requests waits for slots; the next is refused with {@link
 * QueueFullException}. A stream that publishes large events to a slow consumer is left out of steps
 * while its unread events exceed {@link EngineSettings#maxUnreadBytes}; reading wakes the engine.
 * Where there are several slots, such streams never hold all of them.
 *
 * <h2>Failures</h2>
 *
 * <ul>
 *   <li><i>A request fails</i> (its numbers are not finite, no memory for it): its slot and its
 *       blocks of the prefix cache are cleared, it ends as {@link Outcome#FAILED}, the others go
 *       on. A step that fails as a whole is repeated for each sequence alone; see {@link
 *       StepExecutor}.
 *   <li><i>A turn fails</i> outside of any request: after a pause the next turn plans anew. When
 *       {@value #MAX_FAILED_TURNS} turns have failed one after the other, or at once if a failed
 *       request could not be cleared, every request ends as failed, all caches are cleared, and the
 *       engine goes on empty.
 *   <li><i>The engine dies</i> if even that fails, or if an error says that native code or classes
 *       are broken: every request ends as failed, new ones get {@link EngineStoppedException}, and
 *       {@link EngineStatus#alive} is false.
 * </ul>
 *
 * <h2>Shutdown</h2>
 *
 * <p>The order is {@link #stopAccepting}, {@link #awaitIdle}, {@link #close}. {@code close} waits
 * for the thread, because a process that exits while a step is inside libtorch crashes.
 */
public final class Engine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  /** The pause while every stream waits for a slow consumer; deadlines are checked in between. */
  private static final long BACK_PRESSURE_NANOS = Duration.ofMillis(50).toNanos();

  /** The number of successive failed turns after which every request is ended. */
  private static final int MAX_FAILED_TURNS = 5;

  /** The pause after a failed turn. */
  private static final long FAILED_TURN_NANOS = Duration.ofMillis(20).toNanos();

  private final Gpt2Tokenizer tokenizer;
  private final EngineSettings settings;
  private final EngineObserver observer;
  private final Admission admission;
  private final Thread thread;
  private final CompletableFuture<Void> started = new CompletableFuture<>();

  /** Admitted requests that the engine thread has not taken in yet, as actions of that thread. */
  private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();

  private volatile boolean closing;
  private volatile int live;
  private volatile double kvCacheUsage;
  private volatile PrefixCacheStatus prefixCacheStatus = PrefixCacheStatus.UNUSED;

  // Confined to the engine thread.
  private LanguageModel model;
  private PrefixCache prefixCache;
  private Scheduler scheduler;
  private StepExecutor executor;
  private final SlotTable slotTable;
  private final TaskQueue tasks;
  private final List<Sequence> completed = new ArrayList<>();
  private boolean taskAdvanced;
  private int failedTurns;

  /** Whether a slot or the prefix cache may still hold numbers of a failed request. */
  private boolean unclean;

  private Engine(
      Callable<LanguageModel> loader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      PlannerFactory planners) {
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.observer = new GuardedObserver(settings.observer());
    this.admission = new Admission(settings.maxQueue());
    this.slotTable = new SlotTable(admission, tokenizer, this::updateUsage);
    this.tasks = new TaskQueue(admission::leaveQueue);
    this.thread = new Thread(() -> run(loader, planners), "gpt2-engine");
  }

  /**
   * Starts an engine: its thread loads the model, warms it up and then accepts requests.
   *
   * @param loader loads the model; runs on the engine thread, because libtorch's thread pool
   *     belongs to the thread that calls it
   * @throws Exception an exception of a loader
   */
  public static Engine start(
      Callable<LanguageModel> loader, Gpt2Tokenizer tokenizer, EngineSettings settings)
      throws Exception {
    return start(loader, tokenizer, settings, PlannerFactory.of(settings));
  }

  /** Starts an engine with a given planner of draft tokens. */
  static Engine start(
      Callable<LanguageModel> loader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      PlannerFactory planners)
      throws Exception {
    Engine engine = new Engine(loader, tokenizer, settings, planners);
    engine.thread.start();
    try {
      engine.started.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw (Error) e.getCause();
    }
    return engine;
  }

  /**
   * Queues a generation.
   *
   * @throws QueueFullException if the queue is full
   * @throws EngineStoppedException if the engine does not accept requests any more
   */
  public GenerationHandle submit(Generation generation) {
    Job job =
        new Job(
            generation, new Deadline(generation.timeout(), this::wake), settings.maxUnreadBytes());
    enter(() -> slotTable.add(job));
    observer.submitted(job.handle().progress());
    return job.handle();
  }

  /**
   * Queues a task.
   *
   * @throws QueueFullException if the queue is full
   * @throws EngineStoppedException if the engine does not accept requests any more
   */
  public <R> TaskHandle<R> submit(TaskRequest<R> request) {
    Task<R> task = new Task<>(request, new Deadline(request.timeout(), this::wake));
    enter(() -> tasks.add(task));
    observer.submitted(task.handle().progress());
    return task.handle();
  }

  private void enter(Runnable takeIn) {
    admission.enter(() -> inbox.add(takeIn));
    wake();
  }

  /** Number of sequences that can run at the same time; 0 before the model is loaded. */
  public int slots() {
    return admission.slots();
  }

  /** The approximate limit of a stream's unread events, in bytes. */
  public long maxUnreadBytes() {
    return settings.maxUnreadBytes();
  }

  /** A snapshot of the queue, the running batch and the thread. */
  public EngineStatus status() {
    return admission.status(kvCacheUsage, prefixCacheStatus, thread.isAlive());
  }

  /** Refuses new requests from now on; admitted ones go on. */
  public void stopAccepting() {
    admission.close();
  }

  /** Waits until no request waits or runs; false after {@code timeout} or if the engine died. */
  public boolean awaitIdle(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (live > 0 || admission.waiting() > 0) {
      if (System.nanoTime() - end > 0 || !thread.isAlive()) {
        return false;
      }
      Thread.sleep(10);
    }
    return true;
  }

  /**
   * Ends every remaining request as failed, after the current step, and frees the model. Waits for
   * the engine thread, even if interrupted: a JVM that exits during a step crashes in libtorch.
   */
  @Override
  public void close() {
    stopAccepting();
    closing = true;
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void wake() {
    LockSupport.unpark(thread);
  }

  private void run(Callable<LanguageModel> loader, PlannerFactory planners) {
    Throwable death = null;
    try (LanguageModel loaded = loader.call();
        SamplingThreads samplingThreads = new SamplingThreads(settings.samplingThreads())) {
      model = loaded;
      prefixCache = new PrefixCache(model);
      executor =
          new StepExecutor(
              model, tokenizer, samplingThreads, slotTable::inSlot, this::complete, this::fail);
      WarmUp.run(model, settings);
      try (DraftPlanner planner = planners.create(model)) {
        scheduler =
            new Scheduler(
                settings.leastPrefillTokens(),
                settings.busyPrefillTokens(),
                settings.idlePrefillTokens(),
                prefixCache,
                planner);
        slotTable.open(model.slots());
        started.complete(null);
        while (!closing) {
          runRecovering(this::turn);
        }
      }
    } catch (Throwable e) {
      death = e;
      if (!started.completeExceptionally(e)) {
        log.error("The engine thread has died; no request can be answered any more", e);
      }
    } finally {
      endAll(death);
    }
  }

  /**
   * Runs a turn and recovers if it fails outside of any request, such as for lack of memory for its
   * plan. Other threads may free memory during the pause before the next attempt; see the class
   * comment for what follows.
   */
  private void runRecovering(Runnable turn) {
    try {
      turn.run();
      failedTurns = 0;
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      failedTurns++;
      if (failedTurns < MAX_FAILED_TURNS && !unclean) {
        log.warn("A step could not be planned; it is tried again", e);
        LockSupport.parkNanos(this, FAILED_TURN_NANOS);
      } else {
        log.error("A step could not be planned or cleared up; every request is ended", e);
        reset(Failures.cause(e));
      }
    }
  }

  private void reset(Throwable cause) {
    slotTable.endAll(cause);
    tasks.endAll(cause);
    for (int slot = 0; slot < model.slots(); slot++) {
      model.clear(slot);
    }
    prefixCache.clear();
    updateUsage();
    unclean = false;
    failedTurns = 0;
  }

  private void turn() {
    takeSubmitted();
    endCancelledAndLate(System.nanoTime());
    slotTable.giveSlots();
    if (slotTable.running().isEmpty() && tasks.isEmpty()) {
      if (inbox.isEmpty() && !closing) {
        LockSupport.park(this);
      }
      return;
    }
    long begin = System.nanoTime();
    long cached = prefixCache.hitTokens();
    // Prompt chunks and task slices alternate, so that decoding sequences wait for one at a time.
    StepPlan plan = scheduler.plan(slotTable.running(), tasks.isEmpty() || taskAdvanced);
    if (!plan.isEmpty()) {
      completed.clear();
      StepExecutor.StepOutput output = executor.execute(plan);
      retain();
      updateUsage();
      observer.stepped(
          StepKind.of(plan),
          plan.sequences(),
          plan.promptTokens() + (int) (prefixCache.hitTokens() - cached),
          output.generatedTokens(),
          System.nanoTime() - begin);
      if (plan.draftTokens() > 0) {
        observer.speculated(plan.drafts(), plan.draftTokens(), output.acceptedTokens());
      }
    }
    taskAdvanced = plan.prompts().isEmpty();
    if (taskAdvanced && !tasks.isEmpty()) {
      begin = System.nanoTime();
      tasks.advance(model);
      updateLive();
      observer.stepped(StepKind.TASK, 0, 0, 0, System.nanoTime() - begin);
    } else if (plan.isEmpty() && inbox.isEmpty() && !closing) {
      // Every stream waits for a slow consumer; deadlines pass all the same.
      LockSupport.parkNanos(this, BACK_PRESSURE_NANOS);
    }
  }

  private void complete(Sequence sequence) {
    completed.add(sequence);
    slotTable.complete(sequence);
  }

  /** Retains what the step has computed, before a slot of a complete sequence is given away. */
  private void retain() {
    completed.forEach(prefixCache::retainEnded);
    prefixCache.retain(slotTable.running());
  }

  private void takeSubmitted() {
    for (Runnable takeIn = inbox.poll(); takeIn != null; takeIn = inbox.poll()) {
      takeIn.run();
      updateLive();
    }
  }

  private void endCancelledAndLate(long now) {
    slotTable.endCancelledAndLate(now);
    tasks.endCancelledAndLate(now);
    updateLive();
  }

  private void updateLive() {
    live = slotTable.size() + tasks.size();
  }

  private void fail(Sequence sequence, Throwable cause) {
    Throwable reported = Failures.report(sequence.job().handle().id(), cause);
    boolean before = unclean;
    unclean = true;
    try {
      // The slot may hold NaN, and NaN × 0 is NaN: masked out, it would still spread.
      model.clear(sequence.slot());
      prefixCache.forget(sequence);
      unclean = before;
    } finally {
      slotTable.end(sequence.job(), Outcome.FAILED, reported);
    }
  }

  private void updateUsage() {
    kvCacheUsage = (double) slotTable.positions() / ((long) model.slots() * model.contextLength());
    prefixCacheStatus = prefixCache.status();
    updateLive();
  }

  /** Ends the remaining requests when the thread stops, so that none waits for ever. */
  private void endAll(Throwable death) {
    admission.close();
    takeSubmitted();
    Throwable cause =
        death != null ? death : new EngineStoppedException("the server is shutting down");
    slotTable.endAll(cause);
    tasks.endAll(cause);
    updateLive();
  }
}
