package io.github.gpt2server.memory;

import com.sun.management.OperatingSystemMXBean;
import io.github.gpt2server.platform.ProcessStatus;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Path;

/**
 * A process's memory limit, and its memory in use outside the heap.
 *
 * @param limit the container's limit or the machine's memory, in bytes
 * @param heap the maximum size of the heap ({@code -Xmx}), in bytes
 * @param outsideHeap bytes in use outside the heap: weights, caches, code, stacks
 */
public record MemoryFigures(long limit, long heap, long outsideHeap) {
  private static final Path STATUS = Path.of("/proc/self/status");

  /**
   * Reads the figures of this process. Outside Linux, {@code outsideHeap} is 0, because it is
   * unknown.
   */
  public static MemoryFigures ofThisProcess() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    long limit =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    return new MemoryFigures(
        limit, Runtime.getRuntime().maxMemory(), outsideHeap(STATUS, heap.getCommitted()));
  }

  /** Returns {@code RssAnon} without the pages of the heap, which are anonymous as well. */
  static long outsideHeap(Path status, long heap) {
    long anonymous = ProcessStatus.kibibytes(status, "RssAnon").orElse(0) << 10;
    return Math.max(0, anonymous - heap);
  }

  /**
   * The number of bytes that requests may hold: half of the heap, because the program itself,
   * garbage and uncounted objects need the rest. Where the memory outside the heap leaves the
   * container too little for the whole heap, half of what is left; at least an eighth of the heap.
   */
  long budget() {
    return Math.max(heap / 8, Math.min(heap, limit - outsideHeap) / 2);
  }
}
