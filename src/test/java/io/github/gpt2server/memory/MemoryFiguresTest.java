package io.github.gpt2server.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryFiguresTest {
  @TempDir private Path folder;

  /** Limit, heap and what is beside it, and half of what the heap can have. */
  @ParameterizedTest
  @CsvSource({
    "1024, 256, 300, 128",
    "1024, 900, 300, 362",
    "1024, 800, 2000, 100",
    "64000, 256, 0, 128",
    "1024, 800, 900, 100"
  })
  void theBudgetIsHalfOfWhatTheHeapCanHave(long limit, long heap, long outside, long budget) {
    assertThat(new MemoryFigures(limit, heap, outside).budget()).isEqualTo(budget);
  }

  @Test
  void whatIsBesideTheHeapIsReadFromTheKernel() throws IOException {
    Path status =
        Files.writeString(folder.resolve("status"), "VmRSS:\t 900 kB\nRssAnon:\t  700 kB\n");
    assertThat(MemoryFigures.outsideHeap(status, 300 << 10)).isEqualTo(400 << 10);
    assertThat(MemoryFigures.outsideHeap(status, 800 << 10)).isZero();
    assertThat(MemoryFigures.outsideHeap(folder.resolve("none"), 0)).isZero();
  }

  @Test
  void thisProcessHasFigures() {
    MemoryFigures figures = MemoryFigures.ofThisProcess();
    assertThat(figures.heap()).isEqualTo(Runtime.getRuntime().maxMemory());
    assertThat(figures.limit()).isPositive();
    assertThat(figures.budget()).isBetween(1L, figures.heap() / 2);
  }
}
