package io.github.gpt2server.boot.libraries;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * Leftovers of killed processes in the folder of unpacked libraries: up to 450 MB under a random
 * name each, which get their name once they are complete.
 */
final class NativeLibraryCache {
  /** The prefix of the names of folders into which libraries are being unpacked. */
  static final String UNFINISHED = "unpacking-";

  private static final Logger log = LoggerFactory.getLogger(NativeLibraryCache.class);

  /** The age of a write after which a folder counts as abandoned; unpacking takes seconds. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private NativeLibraryCache() {}

  /**
   * Removes folders that killed processes left half unpacked. A folder written to within the hour
   * stays, because another process may be unpacking into it. Failures do not matter: the next start
   * tries again.
   */
  static void removeAbandoned(Path folder, Instant now) {
    try {
      for (Path path : unfinished(folder)) {
        if (lastWritten(path).isBefore(now.minus(ABANDONED))) {
          FileSystemUtils.deleteRecursively(path);
          log.info("Removed {}, left partly unpacked by a process that was killed", path);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("Not all partly unpacked files in {} could be removed", folder, e);
    }
  }

  private static List<Path> unfinished(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> path.getFileName().toString().startsWith(UNFINISHED)).toList();
    }
  }

  /** The time at which a folder, or the last of the files in it, was written to. */
  private static Instant lastWritten(Path path) throws IOException {
    Instant last = Instant.MIN;
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Instant written = Files.getLastModifiedTime(file).toInstant();
        last = written.isAfter(last) ? written : last;
      }
    }
    return last;
  }
}
