package io.github.gpt2server.engine.step;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that sample tokens in parallel with the engine thread, one sequence at a time: a draw
 * from 50,000 probabilities takes some tenths of a millisecond, and 32 of them take longer than a
 * whole step of a GPU.
 */
public final class SamplingThreads implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SamplingThreads.class);

  /** Number of probabilities whose reading takes about as long as waking a thread. */
  private static final int WORTH_A_THREAD = 1 << 15;

  private static final long IDLE_SECONDS = 30;

  private final int threads;
  private final ThreadPoolExecutor helpers;

  /**
   * Creates a pool; its threads start when they are first needed.
   *
   * @param threads largest number of threads that sample at once, the calling one included
   */
  public SamplingThreads(int threads) {
    this.threads = threads;
    int most = Math.max(1, threads - 1);
    AtomicInteger count = new AtomicInteger();
    helpers =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "gpt2-sampling-" + count.incrementAndGet());
              thread.setDaemon(true);
              // Each draw holds its own outcome, and the pool replaces the thread.
              thread.setUncaughtExceptionHandler(
                  (ended, failure) -> log.warn("Thread {} has ended", ended.getName(), failure));
              return thread;
            });
    helpers.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs draws and waits for all of them; each holds its own outcome.
   *
   * @param probabilities number of probabilities that each draw reads
   */
  void run(List<FutureTask<Integer>> draws, int probabilities) {
    long worth = (long) draws.size() * probabilities / WORTH_A_THREAD;
    int helping = (int) Math.min(worth, Math.min(threads, draws.size()) - 1L);
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < draws.size(); i = next.getAndIncrement()) {
            draws.get(i).run();
          }
        };
    try {
      for (int i = 0; i < helping; i++) {
        helpers.execute(work);
      }
    } catch (OutOfMemoryError e) {
      // No memory for another thread: the running ones do all the draws.
      log.debug("No thread to draw with", e);
    }
    work.run();
    for (FutureTask<Integer> draw : draws) {
      awaitEnd(draw);
    }
  }

  /** The token of a completed draw; rethrows its exception. */
  static int token(FutureTask<Integer> draw) {
    try {
      return draw.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException("a draw that has ended does not wait", e);
    }
  }

  /** Waits even if interrupted: the probabilities are freed after the step. */
  private static void awaitEnd(FutureTask<Integer> draw) {
    boolean interrupted = false;
    while (!draw.isDone()) {
      try {
        draw.get();
      } catch (ExecutionException e) {
        break;
      } catch (OutOfMemoryError e) {
        // No memory to wait with, or to wrap the outcome.
        Thread.onSpinWait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops the threads; draws must have ended. */
  @Override
  public void close() {
    helpers.shutdown();
  }
}
