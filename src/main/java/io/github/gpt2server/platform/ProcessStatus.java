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
   * A field such as {@code VmRSS}: what the process holds in memory, libtorch included, and the
   * pages of files that it maps.
   */
  public static OptionalLong kibibytes(String field) {
    try (Stream<String> lines = Files.lines(FILE)) {
      return lines
          .filter(line -> line.startsWith(field + ":"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
