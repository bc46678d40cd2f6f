package io.github.gpt2server.model.torch;

import io.github.gpt2server.platform.Libc;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Environment variables that libtorch and its OpenMP library read when they are loaded. Those that
 * are set already stay as they are.
 *
 * <ul>
 *   <li>{@code GOMP_SPINCOUNT}: how long OpenMP's threads spin before they sleep. libtorch's steps
 *       end dozens of parallel regions a millisecond apart, and libgomp by default spins at each
 *       for milliseconds: where another process or a busy HTTP thread takes a core, the spinning
 *       threads keep each other from working and a step of 20 ms takes 170. A short spin costs
 *       nothing on an idle machine and keeps such a step at about twice its time.
 *   <li>{@code THP_MEM_ALLOC_ENABLE}: asks for huge pages for large tensors, which the KV cache and
 *       the weights are: a step of 16 to 32 sequences is 4 to 6 % shorter. Nothing happens where
 *       {@code /sys/kernel/mm/transparent_hugepage/enabled} says {@code never}.
 * </ul>
 *
 * @see <a href="https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html">GOMP_SPINCOUNT</a>
 */
final class NativeEnvironment {
  private static final Logger log = LoggerFactory.getLogger(NativeEnvironment.class);

  private NativeEnvironment() {}

  /** Sets the variables; before libtorch loads. */
  static void prepare() {
    if (!Libc.isLinux()) {
      return;
    }
    if (System.getenv("OMP_WAIT_POLICY") == null) {
      set("GOMP_SPINCOUNT", "1000");
    }
    set("THP_MEM_ALLOC_ENABLE", "1");
  }

  private static void set(String name, String value) {
    if (!Libc.setEnvironment(name, value)) {
      log.warn("{} cannot be set; steps are slower than necessary", name);
    }
  }
}
