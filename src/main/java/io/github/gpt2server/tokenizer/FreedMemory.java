package io.github.gpt2server.tokenizer;

import io.github.gpt2server.platform.Libc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory that native code has freed and that glibc's malloc keeps: what lies below a block that is
 * still in use does not go back to the system by itself.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/malloc_trim.3.html">malloc_trim</a>
 */
final class FreedMemory {
  private static final Logger log = LoggerFactory.getLogger(FreedMemory.class);

  private FreedMemory() {}

  /** Gives it back; does nothing where the C library has no such call. */
  static void giveBack() {
    if (Libc.isLinux() && !Libc.trimMalloc()) {
      log.debug("This C library has no malloc_trim; freed memory stays with the process");
    }
  }
}
