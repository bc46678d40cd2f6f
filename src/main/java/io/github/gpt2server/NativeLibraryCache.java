package io.github.gpt2server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * The folder into which DJL unpacks native libraries when it first starts. It writes each under a
 * random name and renames it when it is complete; a process that is killed before that leaves up to
 * 430 MB there, which DJL never looks at again.
 */
final class NativeLibraryCache {
  private static final Logger log = LoggerFactory.getLogger(NativeLibraryCache.class);

  /** The names that {@code LibUtils} of DJL's PyTorch engine and of its tokenizers give. */
  private static final PathMatcher UNFINISHED =
      FileSystems.getDefault()
          .getPathMatcher(
              "regex:(pytorch|tokenizers)[/\\\\]tmp\\d+|pytorch[/\\\\][^/\\\\]+[/\\\\]jni\\d+tmp");

  private static final int DEPTH = 3;

  /** Unpacking takes seconds: what has not been written to for so long is not being unpacked. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private NativeLibraryCache() {}

  /**
   * Makes the folder. DJL would log a stack trace if it cannot be made, and fail later.
   *
   * @throws InvalidSettingException if it cannot be made
   */
  static void create(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new InvalidSettingException(
          "DJL_CACHE_DIR",
          folder.toString(),
          "a folder for the native libraries that is there or can be made, with 500 MB of room");
    }
  }

  /**
   * Removes what killed processes left half unpacked. What was written to within the hour stays:
   * another process may be at it. Failures matter to nobody, the next start tries again.
   *
   * @param folder as {@code ai.djl.util.Utils.getEngineCacheDir()} names it
   */
  static void removeAbandoned(Path folder, Instant now) {
    try {
      for (Path path : unfinished(folder)) {
        if (lastWritten(path).isBefore(now.minus(ABANDONED))) {
          FileSystemUtils.deleteRecursively(path);
          log.info("Removed {}, which a killed process had left half unpacked", path);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("Not everything that is half unpacked in {} could be removed", folder, e);
    }
  }

  private static List<Path> unfinished(Path folder) throws IOException {
    try (Stream<Path> paths =
        Files.find(
            folder, DEPTH, (path, attributes) -> UNFINISHED.matches(folder.relativize(path)))) {
      return paths.toList();
    }
  }

  /** When a file, or the last of the files in a folder, was written to. */
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
