package io.github.gpt2server.model.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the memory of weights is taken and given back. glibc's malloc serves blocks of up to 32 MB
 * from its own heaps once it has seen such blocks freed, and weights that lie between the
 * intermediate copies of a load keep those from going back to the system: 0.4 GB in gpt2-xl. While
 * weights load, each large block is therefore a mapping of its own.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/mallopt.3.html">mallopt</a>
 */
final class NativeMemory {
  private static final Logger log = LoggerFactory.getLogger(NativeMemory.class);

  private static final int M_TRIM_THRESHOLD = -1;
  private static final int M_MMAP_THRESHOLD = -3;

  private static final int ONE_MEBIBYTE = 1 << 20;

  /** What glibc arrives at by itself where large blocks come and go, as they do in every step. */
  private static final int LARGEST_MMAP_THRESHOLD = 32 << 20;

  private NativeMemory() {}

  private interface Libc extends Library {
    int mallopt(int parameter, int value);
  }

  /** Runs what loads weights, and gives back what it took beside them. */
  static void load(Runnable load) {
    setMmapThreshold(ONE_MEBIBYTE);
    try {
      load.run();
    } finally {
      setMmapThreshold(LARGEST_MMAP_THRESHOLD);
      // The pages of a mapped file count as this process's until its buffers are collected.
      System.gc();
    }
  }

  /** Unless whoever started the process chose one. */
  private static void setMmapThreshold(int bytes) {
    if (!Platform.isLinux() || System.getenv("MALLOC_MMAP_THRESHOLD_") != null) {
      return;
    }
    try {
      final Libc libc = Native.load("c", Libc.class);
      libc.mallopt(M_MMAP_THRESHOLD, bytes);
      libc.mallopt(M_TRIM_THRESHOLD, 2 * bytes);
    } catch (UnsatisfiedLinkError e) {
      log.debug("This C library has no mallopt; loading takes some more memory", e);
    }
  }
}
