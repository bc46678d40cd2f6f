package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
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
    assumeTrue(KernelLibrary.load().isPresent());
    KernelLibrary library = KernelLibrary.load().orElseThrow();
    library.setThreads(300);
    assertThat(running()).hasSize(255);
    library.setThreads(3);
    assertThat(running()).hasSize(2);
    library.setThreads(1);
    assertThat(running()).isEmpty();
  }

  private static List<String> running() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("kernels-"))
        .toList();
  }
}
