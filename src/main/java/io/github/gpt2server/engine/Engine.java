package io.github.gpt2server.engine;

import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.StepKind;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.Speculation;
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
import io.github.gpt2server.engine.speculation.DraftModelProposer;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.speculation.StepCosts;
import io.github.gpt2server.engine.step.SamplingThreads;
import io.github.gpt2server.engine.step.StepExecutor;
import io.github.gpt2server.engine.task.Task;
import io.github.gpt2server.engine.task.TaskQueue;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns submitted {@link Generation}s into events, and answers {@link TaskRequest}s. One thread
 * owns the model, the slots, every job and every task; others only put them into its inbox and set
 * their cancel flags, so nothing here needs locks but {@link Admission}.
 *
 * <p>Each turn of the thread: take what was submitted, end what was cancelled or is late, give free
 * slots to clients who wait, in turns, plan a step, execute it, compute a slice of a task.
 */
public final class Engine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  /** How long the engine rests when every stream waits for its reader and none wakes it. */
  private static final long LAG_NANOS = Duration.ofMillis(50).toNanos();

  /** A turn that fails outside of any request is tried this often, */
  private static final int MAX_FAILED_TURNS = 5;

  /** after a pause. */
  private static final long FAILED_TURN_NANOS = Duration.ofMillis(20).toNanos();

  private final Gpt2Tokenizer tokenizer;
  private final EngineSettings settings;
  private final EngineObserver observer;
  private final Admission admission;
  private final Thread thread;
  private final CompletableFuture<Void> started = new CompletableFuture<>();

  /** What the engine thread shall take in. */
  private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();

  private volatile boolean closing;
  private volatile int live;
  private volatile double kvCacheUsage;
  private volatile PrefixCacheStatus prefixCacheStatus = PrefixCacheStatus.UNUSED;

  // The engine thread's own.
  private LanguageModel model;
  private PrefixCache prefixCache;
  private Scheduler scheduler;
  private StepExecutor executor;
  private final SlotTable slotTable;
  private final TaskQueue tasks;
  private boolean taskHadItsTurn;
  private int failedTurns;

  /** Whether a slot or the prefix cache may hold what a failed request has left there. */
  private boolean unclean;

  /** Gives what decides which tokens are guessed, on the engine thread. */
  @FunctionalInterface
  interface Drafts {
    DraftPlanner of(LanguageModel model) throws Exception;
  }

  private Engine(
      Callable<LanguageModel> loader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      EngineObserver observer,
      Drafts drafts) {
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.observer = new GuardedObserver(observer);
    this.admission = new Admission(settings.maxQueue());
    this.slotTable = new SlotTable(admission, this::updateUsage);
    this.tasks = new TaskQueue(admission::leaveQueue);
    this.thread = new Thread(() -> run(loader, drafts), "gpt2-engine");
  }

  /** Starts an engine that nobody observes. */
  public static Engine start(
      Callable<LanguageModel> loader, Gpt2Tokenizer tokenizer, EngineSettings settings)
      throws Exception {
    return start(loader, tokenizer, settings, EngineObserver.NONE);
  }

  /**
   * Starts the engine thread, which loads the model, warms it up and then takes requests.
   *
   * @param loader runs on the engine thread, since libtorch's thread pool belongs to the thread
   *     that calls it
   * @param observer told of every request and step
   * @throws Exception what the loader threw
   */
  public static Engine start(
      Callable<LanguageModel> loader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      EngineObserver observer)
      throws Exception {
    return start(
        loader,
        tokenizer,
        settings,
        observer,
        settings.speculation() == Speculation.OFF
            ? model -> DraftPlanner.OFF
            : model -> new DraftPlanner(StepCosts.measure(model)));
  }

  /**
   * Starts an engine in which a smaller model guesses tokens too.
   *
   * @param loader as above
   * @param draftLoader gives that model, of the same vocabulary and with as many slots; runs on the
   *     engine thread as well
   * @param observer told of every request and step
   * @throws Exception what a loader threw
   */
  public static Engine start(
      Callable<LanguageModel> loader,
      Callable<LanguageModel> draftLoader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      EngineObserver observer)
      throws Exception {
    return start(
        loader,
        tokenizer,
        settings,
        observer,
        model -> new DraftPlanner(StepCosts.measure(model), loadDraftModel(draftLoader, settings)));
  }

  private static DraftModelProposer loadDraftModel(
      Callable<LanguageModel> loader, EngineSettings settings) throws Exception {
    LanguageModel model = loader.call();
    WarmUp.run(model, settings);
    return new DraftModelProposer(model, StepCosts.measure(model));
  }

  /** Starts an engine that is given what decides which tokens are guessed. */
  static Engine start(
      Callable<LanguageModel> loader,
      Gpt2Tokenizer tokenizer,
      EngineSettings settings,
      EngineObserver observer,
      Drafts drafts)
      throws Exception {
    Engine engine = new Engine(loader, tokenizer, settings, observer, drafts);
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
   * @throws QueueFullException if as many requests wait as may
   * @throws EngineStoppedException if the engine takes no new requests
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
   * @throws QueueFullException if as many requests wait as may
   * @throws EngineStoppedException if the engine takes no new requests
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

  /** About how much memory the unread events of a stream may take, in bytes. */
  public long maxUnreadBytes() {
    return settings.maxUnreadBytes();
  }

  /** A glance at the queue, the running batch and the thread. */
  public EngineStatus status() {
    return admission.status(kvCacheUsage, prefixCacheStatus, thread.isAlive());
  }

  /** Takes no new requests from now on; those that wait or run go on. */
  public void stopAccepting() {
    admission.close();
  }

  /** Waits until nothing waits or runs; true if that came in time. */
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
   * Ends everything that still waits or runs as failed, after the current step, and frees the
   * model. libtorch must not be in mid-step when the JVM exits, so this waits for the thread.
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

  private void run(Callable<LanguageModel> loader, Drafts drafts) {
    Throwable death = null;
    try (LanguageModel loaded = loader.call();
        SamplingThreads samplingThreads = new SamplingThreads(settings.samplingThreads())) {
      model = loaded;
      prefixCache = new PrefixCache(model.blocks(), settings.chunkSize());
      executor =
          new StepExecutor(
              model,
              tokenizer,
              prefixCache,
              samplingThreads,
              slotTable::inSlot,
              slotTable::complete,
              this::fail);
      WarmUp.run(model, settings);
      try (DraftPlanner planner = drafts.of(model)) {
        scheduler =
            new Scheduler(
                settings.chunkSize(),
                settings.busyPrefillTokens(),
                settings.idlePrefillTokens(),
                prefixCache,
                planner);
        slotTable.open(model.slots());
        started.complete(null);
        while (!closing) {
          survive(this::turn);
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
   * Goes on after a turn that failed outside of any request, such as for want of memory for its
   * plan. It is tried again while others may give memory back; if that does not help, or if what a
   * failed request has left behind could not be cleared, every request ends and the rest begins
   * anew. If even that fails, so does the engine.
   */
  private void survive(Runnable turn) {
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
    // Prompts and tasks take turns where there are both, so that those who generate wait for one.
    StepPlan plan = scheduler.plan(slotTable.running(), tasks.isEmpty() || taskHadItsTurn);
    if (!plan.isEmpty()) {
      StepExecutor.Yield brought = executor.execute(plan);
      prefixCache.endStep();
      updateUsage();
      observer.stepped(
          StepKind.of(plan),
          plan.sequences(),
          plan.promptTokens(),
          brought.picked(),
          System.nanoTime() - begin);
      if (plan.draftTokens() > 0) {
        observer.speculated(plan.drafts(), plan.draftTokens(), brought.accepted());
      }
    }
    taskHadItsTurn = plan.chunks().isEmpty();
    if (taskHadItsTurn && !tasks.isEmpty()) {
      begin = System.nanoTime();
      tasks.advance(model);
      updateLive();
      observer.stepped(StepKind.TASK, 0, 0, 0, System.nanoTime() - begin);
    } else if (plan.isEmpty() && inbox.isEmpty() && !closing) {
      // Every reader lags; deadlines pass all the same.
      LockSupport.parkNanos(this, LAG_NANOS);
    }
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
      // What made it fail may be in the cache, and not-a-number times a masked zero is not zero.
      model.clear(sequence.slot());
      prefixCache.forget(sequence.request().reuse(), sequence.request().prompt());
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

  /** Ends what is left when the thread stops, so that no request is ever lost. */
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
