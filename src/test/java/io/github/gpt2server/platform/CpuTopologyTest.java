package io.github.gpt2server.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuTopologyTest {
  @TempDir Path folder;

  /** The JVM rounds a quota up: 0.5 processors are 1, 1.5 are 2. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2, 2, 2",
    "4, 4, 4",
    "64, 64, 16",
    // Hyperthreads: all of a machine's, and of one with a quota of 4 and of 12 processors.
    "8, 4, 4",
    "4, 64, 4",
    "12, 8, 8",
    "128, 64, 16",
    // A quota of 0.5 and of 1.5 processors on a machine with 64 cores.
    "1, 64, 1",
    "2, 64, 2"
  })
  void aThreadForEachCoreThatTheProcessMayUse(int count, int cores, int threads) {
    assertThat(new CpuTopology(count, cores).threads()).isEqualTo(threads);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0-7 | 4", "0-3 | 4", "0,4 | 1", "0-1,4,6-7 | 4", "5 | 1"})
  void processorsThatShareACoreCountOnce(String allowed, int cores) throws IOException {
    for (int cpu = 0; cpu < 8; cpu++) {
      Path topology = Files.createDirectories(folder.resolve("cpu" + cpu + "/topology"));
      Files.writeString(
          topology.resolve("thread_siblings_list"), "%d,%d\n".formatted(cpu % 4, cpu % 4 + 4));
    }
    assertThat(CpuTopology.cores(status("Cpus_allowed_list:\t" + allowed), folder, 99))
        .isEqualTo(cores);
  }

  @Test
  void whereTheSystemDoesNotTellEachProcessorIsACore() throws IOException {
    assertThat(CpuTopology.cores(folder.resolve("missing"), folder, 6)).isEqualTo(6);
    assertThat(CpuTopology.cores(status("Threads:\t1"), folder, 6)).isEqualTo(6);
    assertThat(CpuTopology.cores(status("Cpus_allowed_list:\t0-3"), folder, 6)).isEqualTo(6);
    assertThat(CpuTopology.cores(status("Cpus_allowed_list:\t"), folder, 6)).isEqualTo(6);
  }

  @Test
  void thisProcessMayUseSome() {
    CpuTopology here = CpuTopology.ofThisProcess();
    assertThat(here.threads()).isBetween(1, Runtime.getRuntime().availableProcessors());
  }

  private Path status(String line) throws IOException {
    return Files.writeString(folder.resolve("status"), "Name:\tjava\n" + line + "\nx:\t0\n");
  }
}
