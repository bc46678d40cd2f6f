package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** The threads of the kernels begin and end with their pool. */
class KernelThreadsTest {
  /** There are 256 workers at most, the calling thread included. */
  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
  void noMoreStartThanGetWorkAndAllEnd() {
    KernelLibrary library = KernelLibrary.load().orElseThrow();
    long before = running();
    try (KernelThreads threads = new KernelThreads(library, 300)) {
      assertThat(threads.count()).isEqualTo(300);
      assertThat(running() - before).isEqualTo(255);
    }
    assertThat(running()).isEqualTo(before);
  }

  private static long running() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("kernels-"))
        .count();
  }
}
