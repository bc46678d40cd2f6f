package io.github.gpt2server.model.torch.kernels;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The threads among which the kernels share their work, besides the one that makes the steps. They
 * spin for microseconds between kernels and sleep in the system after that.
 */
final class KernelThreads implements AutoCloseable {
  private final KernelLibrary library;
  private final List<Thread> threads;
  private final int count;

  /**
   * Starts all but one of {@code count} threads, or as many as get work. One such pool can be open
   * at a time.
   */
  KernelThreads(KernelLibrary library, int count) {
    this.library = library;
    this.count = count;
    // The library has work for so many and no more.
    int workers = library.function("gpt2_open").invokeInt(new Object[] {count});
    threads =
        IntStream.range(1, workers)
            .mapToObj(
                worker ->
                    new Thread(
                        () -> library.function("gpt2_work").invokeVoid(new Object[] {worker}),
                        "kernels-" + worker))
            .toList();
    try {
      for (Thread thread : threads) {
        thread.setDaemon(true);
        thread.start();
      }
    } catch (RuntimeException | Error e) {
      // The system gave no more threads; another pool must not meet those that it gave.
      close();
      throw e;
    }
  }

  /** The number of threads that was asked for, the one that makes the steps included. */
  int count() {
    return count;
  }

  /** Ends the threads; a kernel that is running goes on without them. */
  @Override
  public void close() {
    library.function("gpt2_close").invokeVoid(new Object[0]);
    for (Thread thread : threads) {
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
  }
}
