package io.github.gpt2server.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Temporary folders for copies of the embedded model. Each is deleted when its process ends, or, if
 * that was killed, when the next process creates such a folder. A file in it is locked while its
 * process runs. The operating system releases the lock when the process dies, and unlike process
 * ids, locks also work across containers.
 */
final class TemporaryCopy {
  private static final Logger log = LoggerFactory.getLogger(TemporaryCopy.class);
  private static final String PREFIX = "gpt2-server-model-";
  private static final String LOCK = ".lock";

  /** The age below which a folder may not be locked yet. */
  private static final Duration NEW = Duration.ofMinutes(1);

  /**
   * The locks of this process; opening and closing such a file a second time would release its
   * lock.
   */
  private static final ConcurrentMap<Path, FileChannel> LOCKS = new ConcurrentHashMap<>();

  private TemporaryCopy() {}

  /** Creates a folder that only this user can read. */
  static Path create(Path parent) throws IOException {
    Path folder = Files.createTempDirectory(parent, PREFIX);
    // Deleted in reverse order of these calls, so the folder is empty when its turn comes.
    folder.toFile().deleteOnExit();
    Path lock = folder.resolve(LOCK);
    lock.toFile().deleteOnExit();
    FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    LOCKS.put(folder, channel);
    try {
      channel.tryLock();
    } catch (IOException e) {
      log.debug("{} cannot be locked; it remains if this process is killed", lock, e);
      // Without its lock file the folder never counts as abandoned.
      Files.delete(lock);
    }
    removeAbandoned(parent, Files.getOwner(folder), Instant.now().minus(NEW));
    return folder;
  }

  /** Deletes a folder that {@link #create} made, with its files. */
  static void delete(Path folder) throws IOException {
    FileChannel channel = LOCKS.remove(folder);
    if (channel != null) {
      channel.close();
    }
    deleteFiles(folder);
  }

  private static void deleteFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    }
  }

  /**
   * Deletes folders of killed processes; failures are ignored, because the next start tries again.
   */
  private static void removeAbandoned(Path parent, UserPrincipal user, Instant before) {
    try {
      for (Path folder : folders(parent)) {
        if (!LOCKS.containsKey(folder)
            && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(user)
            && isAbandoned(folder.resolve(LOCK), before)) {
          deleteFiles(folder);
          log.info("Removed {}, left behind by a process that was killed", folder);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("Not all abandoned folders in {} could be removed", parent, e);
    }
  }

  private static List<Path> folders(Path parent) throws IOException {
    try (Stream<Path> paths = Files.list(parent)) {
      return paths.filter(path -> path.getFileName().toString().startsWith(PREFIX)).toList();
    }
  }

  private static boolean isAbandoned(Path file, Instant before) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.getLastModifiedTime(file).toInstant().isAfter(before)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null;
    }
  }
}
