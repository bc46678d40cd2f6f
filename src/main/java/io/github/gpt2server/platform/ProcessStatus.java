package io.github.gpt2server.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The state that Linux reports of this process; empty on other systems. */
public final class ProcessStatus {
  private static final Path FILE = Path.of("/proc/self/status");

  private ProcessStatus() {}

  /**
   * The value of a field such as {@code VmRSS}: what the process holds in memory, libtorch
   * included, and the pages of files that it maps.
   */
  public static OptionalLong kibibytes(String field) {
    return kibibytes(FILE, field);
  }

  /**
   * The value of a field of any process.
   *
   * @param status its {@code /proc/<pid>/status}
   */
  public static OptionalLong kibibytes(Path status, String field) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith(field + ":"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
