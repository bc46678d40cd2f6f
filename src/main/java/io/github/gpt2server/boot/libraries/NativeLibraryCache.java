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
 * What processes that were killed have left in the folder of unpacked libraries: up to 450 MB under
 * a random name each, which get their name once they are complete.
 */
final class NativeLibraryCache {
  /** How the names of folders begin into which libraries are being unpacked. */
  static final String UNFINISHED = "unpacking-";

  private static final Logger log = LoggerFactory.getLogger(NativeLibraryCache.class);

  /** Unpacking takes seconds: what has not been written to for so long is not being unpacked. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private NativeLibraryCache() {}

  /**
   * Removes what killed processes left half unpacked. What was written to within the hour stays:
   * another process may be at it. Failures do not matter: the next start tries again.
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

  /** When a folder, or the last of the files in it, was written to. */
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
