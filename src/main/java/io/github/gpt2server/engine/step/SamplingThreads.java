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
 * Threads that draw a step's tokens beside the engine thread, each sequence's by itself: a draw
 * from 50,000 probabilities takes some tenths of a millisecond, and 32 of them take longer than a
 * GPU's whole step.
 */
public final class SamplingThreads implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SamplingThreads.class);

  /** So few probabilities are read sooner than another thread wakes up. */
  private static final int WORTH_A_THREAD = 1 << 15;

  private static final long IDLE_SECONDS = 30;

  private final int threads;
  private final ThreadPoolExecutor helpers;

  /**
   * Starts no thread yet.
   *
   * @param threads how many may draw at once, the calling one included
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
              Thread thread = new Thread(work, "gpt2-draw-" + count.incrementAndGet());
              thread.setDaemon(true);
              // How each draw ended is in itself, and another thread takes this one's place.
              thread.setUncaughtExceptionHandler(
                  (ended, failure) -> log.warn("Thread {} has ended", ended.getName(), failure));
              return thread;
            });
    helpers.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs draws and waits for all of them; how each ended is in itself.
   *
   * @param probabilities how many each reads
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
      // There is none for another thread: those that run draw everything.
      log.debug("No thread to draw with", e);
    }
    work.run();
    for (FutureTask<Integer> draw : draws) {
      awaitEnd(draw);
    }
  }

  /** The token that a draw gave; throws what it threw. */
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

  /** Whatever happens: the probabilities are freed when the step is over. */
  private static void awaitEnd(FutureTask<Integer> draw) {
    boolean interrupted = false;
    while (!draw.isDone()) {
      try {
        draw.get();
      } catch (ExecutionException e) {
        break;
      } catch (OutOfMemoryError e) {
        // Not even the memory to wait with, or to say how it ended.
        Thread.onSpinWait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    helpers.shutdown();
  }
}
