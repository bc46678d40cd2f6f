package io.github.gpt2server.bench;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * How fast this machine reads memory: threads that do nothing but read blocks far larger than the
 * caches, as a step reads the weights. The loop is the C library's {@code memchr}, in search of a
 * byte that is not there: it loads whole vectors, where loops in Java take twice the time.
 */
final class MemoryBandwidth {
  private static final long BYTES_PER_THREAD = 256 << 20;
  private static final int PASSES = 8;
  private static final byte FILLED = 2;
  private static final int SOUGHT = 1;

  private final Function memchr =
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("memchr");
  private final List<Memory> blocks;

  /** Allocates 256 MiB for each thread. */
  MemoryBandwidth(int threads) {
    blocks = IntStream.range(0, threads).mapToObj(i -> new Memory(BYTES_PER_THREAD)).toList();
    blocks.forEach(block -> block.setMemory(0, BYTES_PER_THREAD, FILLED));
  }

  /** Bytes a second, all threads together: the best of several passes. */
  double bytesPerSecond() {
    return IntStream.range(0, PASSES).mapToDouble(pass -> pass()).max().orElseThrow();
  }

  private double pass() {
    long start = System.nanoTime();
    List<CompletableFuture<Void>> reads =
        blocks.stream()
            .map(block -> CompletableFuture.runAsync(() -> read(block), MemoryBandwidth::start))
            .toList();
    reads.forEach(CompletableFuture::join);
    double seconds = (System.nanoTime() - start) / 1e9;
    return (double) blocks.size() * BYTES_PER_THREAD / seconds;
  }

  private void read(Memory block) {
    if (memchr.invokePointer(new Object[] {block, SOUGHT, BYTES_PER_THREAD}) != null) {
      throw new IllegalStateException("the block holds a byte that was not written");
    }
  }

  private static void start(Runnable task) {
    new Thread(task).start();
  }
}
