package io.github.gpt2server.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The processors that this process may use.
 *
 * @param count how many, by the JVM: those that the process may be scheduled on, and no more than
 *     its container's quota, rounded up
 * @param cores how many cores those that it may be scheduled on belong to, whatever the quota
 */
public record CpuTopology(int count, int cores) {
  /**
   * More threads are not taken unless they are asked for. A step is a hundred and more pieces of
   * parallel work, one after the other, for each of which threads are woken and waited for. With
   * GPT-2's smallest in 8 bits a matrix product of one row takes 60 microseconds on two cores. On
   * 16 it would be 8, which waking them takes as well.
   */
  private static final int MOST_THREADS = 16;

  /** Those of this process on this machine. */
  public static CpuTopology ofThisProcess() {
    int count = Runtime.getRuntime().availableProcessors();
    return new CpuTopology(
        count, cores(Path.of("/proc/self/status"), Path.of("/sys/devices/system/cpu"), count));
  }

  /**
   * Number of cores that a process may be scheduled on, by Linux's files.
   *
   * @param status the process's {@code /proc/self/status}
   * @param cpus the folder that tells of each processor which others are in its core
   * @param otherwise what is returned where the files do not tell
   */
  static int cores(Path status, Path cpus, int otherwise) {
    try (Stream<String> lines = Files.lines(status)) {
      int cores =
          (int)
              lines
                  .filter(line -> line.startsWith("Cpus_allowed_list:"))
                  .flatMapToInt(line -> numbers(line.substring(line.indexOf(':') + 1).strip()))
                  .mapToObj(cpu -> siblings(cpus, cpu))
                  .distinct()
                  .count();
      return cores > 0 ? cores : otherwise;
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      return otherwise;
    }
  }

  /** The numbers of a list such as {@code 0-3,8}. */
  private static IntStream numbers(String list) {
    return Stream.of(list.split(","))
        .map(range -> range.split("-"))
        .flatMapToInt(
            ends ->
                IntStream.rangeClosed(
                    Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])));
  }

  private static String siblings(Path cpus, int cpu) {
    try {
      return Files.readString(cpus.resolve("cpu" + cpu).resolve("topology/thread_siblings_list"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Number of threads that a step uses unless it is set: one for each core, since two hyperthreads
   * share the units that multiply and the way to memory.
   */
  public int threads() {
    return Math.min(MOST_THREADS, Math.min(count, cores));
  }
}
