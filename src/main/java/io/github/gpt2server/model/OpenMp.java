package io.github.gpt2server.model;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long OpenMP's threads spin before they sleep. libtorch's steps end dozens of parallel regions
 * a millisecond apart, and libgomp by default spins at each for milliseconds: where another process
 * or a busy HTTP thread takes a core, the spinning threads keep each other from working and a step
 * of 20 ms takes 170. A short spin costs nothing on an idle machine and keeps such a step at about
 * twice its time.
 *
 * @see <a href="https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html">GOMP_SPINCOUNT</a>
 */
final class OpenMp {
  private static final Logger log = LoggerFactory.getLogger(OpenMp.class);
  private static final String SPIN_COUNT = "GOMP_SPINCOUNT";

  private OpenMp() {}

  /** The C library, whose environment libgomp reads when it is loaded; Java cannot change it. */
  private interface Libc extends Library {
    int setenv(String name, String value, int overwrite);
  }

  /** Shortens the spin unless whoever started the process chose one; before libtorch loads. */
  static void shortenSpin() {
    if (!Platform.isLinux()
        || System.getenv(SPIN_COUNT) != null
        || System.getenv("OMP_WAIT_POLICY") != null) {
      return;
    }
    try {
      Native.load("c", Libc.class).setenv(SPIN_COUNT, "1000", 0);
    } catch (UnsatisfiedLinkError e) {
      log.warn("{} cannot be set; steps are slow while other programs run", SPIN_COUNT);
      log.debug("Why", e);
    }
  }
}
