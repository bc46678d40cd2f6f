package io.github.gpt2server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.platform.CpuTopology;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestMachineTest {

  @Test
  void describesALinuxMachine(@TempDir Path folder) throws Exception {
    cache(folder, 0, "1", "Data", "48K");
    cache(folder, 1, "1", "Instruction", "32K");
    cache(folder, 2, "2", "Unified", "1024K");
    assertThat(TestMachine.caches(folder)).isEqualTo("L1d 48K, L1i 32K, L2 1024K");

    assertThat(
            TestMachine.describe(
                    "model name\t: AMD EPYC\nflags\t\t: fpu avx512f avx2 avx512_vnni\n",
                    "L1d 48K",
                    new CpuTopology(4, 2),
                    name -> name.equals("ONEDNN_MAX_CPU_ISA") ? "AVX2" : null)
                .lines())
        .hasSize(2)
        .first()
        .isEqualTo(
            "Tests run on AMD EPYC, 4 CPUs of 2 cores, caches L1d 48K, avx2 avx512f avx512_vnni");
  }

  @Test
  void saysWhatTheSystemDoesNotShow(@TempDir Path folder) {
    assertThat(TestMachine.caches(folder.resolve("cache"))).isEmpty();
    assertThat(TestMachine.describe("", "", new CpuTopology(1, 1), name -> null).lines())
        .hasSize(2)
        .first()
        .isEqualTo(
            "Tests run on an unknown CPU, 1 CPUs of 1 cores, caches hidden, instruction sets"
                + " unknown");
  }

  private static void cache(Path folder, int index, String level, String type, String size)
      throws Exception {
    Path cache = Files.createDirectory(folder.resolve("index" + index));
    Files.writeString(cache.resolve("level"), level + "\n");
    Files.writeString(cache.resolve("type"), type + "\n");
    Files.writeString(cache.resolve("size"), size + "\n");
  }
}
