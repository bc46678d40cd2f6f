package io.github.gpt2server.drills;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * A limit of memory for a child process, as a container has it: a control group of version 2 or 1,
 * or else prlimit's limit of data, which knows no peak. Closing removes the group.
 */
final class MemoryLimit implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final long bytes;
  private final Path group;
  private final boolean unified;

  private MemoryLimit(long bytes, Path group, boolean unified) {
    this.bytes = bytes;
    this.group = group;
    this.unified = unified;
  }

  /** A limit in MiB. */
  static MemoryLimit ofMebibytes(long mebibytes) {
    long bytes = mebibytes << 20;
    boolean unified = Files.exists(ROOT.resolve("cgroup.controllers"));
    Path parent = unified ? ROOT : ROOT.resolve("memory");
    Path group = parent.resolve("gpt2-server-drill-" + UUID.randomUUID());
    try {
      Files.createDirectory(group);
      MemoryLimit limit = new MemoryLimit(bytes, group, unified);
      limit.write(unified ? "memory.max" : "memory.limit_in_bytes", bytes);
      return limit;
    } catch (IOException | UncheckedIOException notAllowed) {
      return new MemoryLimit(bytes, null, false);
    }
  }

  /** What starts a program under the limit. */
  List<String> starter() {
    return group == null
        ? List.of("prlimit", "--data=" + bytes)
        : List.of("sh", "-c", "echo $$ > " + group.resolve("cgroup.procs") + "; exec \"$@\"", "sh");
  }

  /** What the limit is made of. */
  String kind() {
    return group == null ? "prlimit --data" : unified ? "a control group" : "a control group (v1)";
  }

  /** Begins a new peak. */
  void resetPeak() {
    if (group != null) {
      try {
        write(unified ? "memory.peak" : "memory.max_usage_in_bytes", 0);
      } catch (UncheckedIOException e) {
        // Kernels before 6.12 cannot: the peak is that since the start.
      }
    }
  }

  /** The most that was in use, in MiB, the page cache included; 0 where that is not known. */
  long peakMebibytes() throws IOException {
    if (group == null) {
      return 0;
    }
    String file = unified ? "memory.peak" : "memory.max_usage_in_bytes";
    return Long.parseLong(Files.readString(group.resolve(file)).strip()) >> 20;
  }

  private void write(String file, long value) {
    try {
      Files.writeString(group.resolve(file), Long.toString(value));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes the group, in which nothing runs any more. */
  @Override
  public void close() throws IOException {
    if (group != null) {
      Files.deleteIfExists(group);
    }
  }
}
