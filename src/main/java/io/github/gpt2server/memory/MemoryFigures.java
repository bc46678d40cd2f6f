package io.github.gpt2server.memory;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process may use of memory, and what it has taken beside its heap.
 *
 * @param limit bytes that the process may use: its container's limit, or the machine's memory
 * @param heap bytes that the heap may grow to, {@code -Xmx}
 * @param outsideHeap bytes that the process holds outside of its heap: weights, caches, code,
 *     stacks
 */
public record MemoryFigures(long limit, long heap, long outsideHeap) {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** This process as it is now; outside of Linux nothing is known of what is beside the heap. */
  public static MemoryFigures ofThisProcess() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    long limit =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    return new MemoryFigures(
        limit, Runtime.getRuntime().maxMemory(), outsideHeap(STATUS, heap.getCommitted()));
  }

  /** {@code RssAnon} without the pages of the heap, which are anonymous too. */
  static long outsideHeap(Path status, long heap) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .map(anonymous -> Math.max(0, anonymous - heap))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  /**
   * What requests may take of the heap: half of it, for the program itself, garbage and what is not
   * counted need the rest. Where the heap cannot grow to its size, because the container would not
   * hold it beside what is there already, half of what it can grow to; an eighth of the heap
   * always.
   */
  long budget() {
    return Math.max(heap / 8, Math.min(heap, limit - outsideHeap) / 2);
  }
}
