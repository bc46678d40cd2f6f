package io.github.gpt2server.boot.load;

import com.sun.management.OperatingSystemMXBean;
import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A check that a model fits into memory: the kernel grants more than there is and kills the process
 * that uses it, so this is asked before. More than the machine has, or than its container may use,
 * is refused. More than is free at the moment is a warning: what others hold may be given back, and
 * the KV cache is taken from the system only as sequences fill it.
 *
 * @param total bytes that this process may use; in a container its limit
 * @param available bytes that can be had without swapping, the page cache among them; the kernel's
 *     estimate
 */
record MemoryCheck(long total, long available) {
  private static final Logger log = LoggerFactory.getLogger(MemoryCheck.class);

  /** The memory of this machine at this moment. */
  static MemoryCheck ofThisMachine() {
    long total =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    return new MemoryCheck(total, Math.min(total, available(Path.of("/proc/meminfo"), total)));
  }

  /** {@code MemAvailable} of Linux; {@code otherwise} on other systems. */
  static long available(Path meminfo, long otherwise) {
    try (Stream<String> lines = Files.lines(meminfo)) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise;
    }
  }

  /**
   * Checks that there is room.
   *
   * @throws ModelLoadException if there cannot be
   */
  void requireRoom(long weightBytes, long cacheBytes, int maxSequences) {
    long needed = weightBytes + cacheBytes;
    if (needed <= available) {
      return;
    }
    String sentence =
        ("the model needs %.1f GB for its weights and %.1f GB for the KV and prefix caches of"
                + " gpt2.max-sequences=%d, but %s: lower gpt2.max-sequences or choose a smaller"
                + " model")
            .formatted(
                weightBytes / 1e9,
                cacheBytes / 1e9,
                maxSequences,
                needed > total
                    ? "this machine or its container has %.1f GB".formatted(total / 1e9)
                    : "only %.1f of %.1f GB are free now".formatted(available / 1e9, total / 1e9));
    if (needed > total) {
      throw new ModelLoadException(sentence);
    }
    log.warn("Memory may run out: {}", sentence);
  }
}
