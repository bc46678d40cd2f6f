package io.github.gpt2server.model.torch;

import io.github.gpt2server.platform.Libc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Allocation and release of the memory of weights. glibc's malloc serves blocks of up to 32 MB from
 * its own heaps once it has seen such blocks freed, and weights that lie between the intermediate
 * copies of a load keep those from going back to the system: 0.4 GB in gpt2-xl. While weights load,
 * each large block is therefore a mapping of its own.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/mallopt.3.html">mallopt</a>
 */
final class NativeMemory {
  private static final Logger log = LoggerFactory.getLogger(NativeMemory.class);

  private static final int M_TRIM_THRESHOLD = -1;
  private static final int M_MMAP_THRESHOLD = -3;

  private static final int ONE_MEBIBYTE = 1 << 20;

  /**
   * The threshold that glibc arrives at by itself where large blocks come and go, as they do in
   * every step.
   */
  private static final int LARGEST_MMAP_THRESHOLD = 32 << 20;

  private NativeMemory() {}

  /** Loads weights, and gives back the memory that loading took beside them. */
  static void load(Runnable load) {
    setMmapThreshold(ONE_MEBIBYTE);
    try {
      load.run();
    } finally {
      setMmapThreshold(LARGEST_MMAP_THRESHOLD);
      // What the start has left in Java's heap and in malloc's.
      System.gc();
      if (Libc.isLinux() && !Libc.trimMalloc()) {
        log.debug("This C library has no malloc_trim; freed memory stays with the process");
      }
    }
  }

  /** Sets the threshold, unless the environment does. */
  private static void setMmapThreshold(int bytes) {
    if (!Libc.isLinux() || System.getenv("MALLOC_MMAP_THRESHOLD_") != null) {
      return;
    }
    if (!Libc.setMallocOption(M_MMAP_THRESHOLD, bytes)
        || !Libc.setMallocOption(M_TRIM_THRESHOLD, 2 * bytes)) {
      log.debug("This C library has no mallopt; loading takes more memory");
    }
  }
}
