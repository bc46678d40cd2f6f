package io.github.gpt2server.drills;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The wall clock as a server process sees it: this machine's, moved by as much as is wanted. It can
 * be moved while the process runs, as an operator or NTP sets a clock; the monotonic clock and
 * waiting are left alone.
 *
 * @see <a href="https://github.com/wolfcw/libfaketime">libfaketime</a>
 */
final class FakeClock implements AutoCloseable {
  private static final String MISSING = "Debian's package libfaketime is not installed";
  private static final Path LIBRARIES = Path.of("/usr/lib");
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private final Path library;
  private final Path file;
  private final Path next;
  private final Instant begin = Instant.now();
  private Duration offset = Duration.ZERO;

  private FakeClock(Path library, Path folder) throws IOException {
    this.library = library;
    this.file = folder.resolve("clock");
    this.next = folder.resolve("clock.next");
    move(Duration.ZERO);
  }

  /**
   * A clock that goes right; where it cannot be had, the drill is skipped, says so, and has a row
   * that says so.
   *
   * @param order where the drill's row stands
   */
  static FakeClock orSkip(Path folder, int order, String drill) throws IOException {
    Optional<Path> library = library();
    if (library.isEmpty()) {
      System.err.println("SKIPPED: " + drill + ": " + MISSING);
      DrillReport.add(order, drill, MISSING, "not done");
    }
    assumeTrue(library.isPresent(), MISSING);
    return new FakeClock(library.get(), folder);
  }

  /** Where the Debian package keeps its library. */
  private static Optional<Path> library() throws IOException {
    if (!Files.isDirectory(LIBRARIES)) {
      return Optional.empty();
    }
    try (Stream<Path> folders = Files.list(LIBRARIES)) {
      return folders.map(folder -> folder.resolve(LIBRARY)).filter(Files::exists).findFirst();
    }
  }

  /** Environment variables of a process that is to go by this clock. */
  Map<String, String> variables() {
    return Map.of(
        "LD_PRELOAD", library.toString(),
        "FAKETIME_TIMESTAMP_FILE", file.toString(),
        "FAKETIME_NO_CACHE", "1",
        "FAKETIME_DONT_FAKE_MONOTONIC", "1",
        // Else waits of the JVM with a time limit return at once.
        "FAKETIME_FORCE_MONOTONIC_FIX", "0",
        "NO_FAKE_STAT", "1");
  }

  /** Sets the clock to so much after, or if negative before, the right time. */
  void move(Duration by) throws IOException {
    Files.writeString(next, "%+d".formatted(by.toSeconds()));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    offset = by;
  }

  /** What the clock shows. */
  Instant now() {
    return Instant.now().plus(offset);
  }

  /** How far another time is from what the clock shows. */
  Duration error(Instant time) {
    return Duration.between(now(), time).abs();
  }

  /** Removes what the library leaves behind of killed processes. */
  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(SHARED_MEMORY)) {
      for (Path path : (Iterable<Path>) files::iterator) {
        if (path.getFileName().toString().contains("faketime_")
            && !Files.getLastModifiedTime(path).toInstant().isBefore(begin)) {
          Files.deleteIfExists(path);
        }
      }
    }
  }
}
