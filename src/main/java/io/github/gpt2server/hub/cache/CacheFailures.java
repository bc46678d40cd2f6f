package io.github.gpt2server.hub.cache;

import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.text.Bytes;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Messages for failures of the cache's disk, one sentence each. */
public final class CacheFailures {
  private final Path cache;

  public CacheFailures(Path cache) {
    this.cache = cache;
  }

  /**
   * Checks that the disk has room for a download.
   *
   * @param model the model id
   * @param bytes the number of bytes still to be received
   * @throws HubException if the free space is too small
   */
  public void requireSpace(String model, long bytes) {
    long free = free();
    // File systems that do not know their free space report 0 or less.
    if (free > 0 && free < bytes) {
      throw new HubException(
          "%s needs %s more, but the disk of the cache %s has only %s free: make room, or set"
                  .formatted(model, Bytes.text(bytes), cache, Bytes.text(free))
              + " gpt2.hub.cache to a folder on a larger disk.");
    }
  }

  /** Explains why a file of the cache cannot be written. */
  public HubException cannotWrite(Path file, IOException failure) {
    if (isFull(failure)) {
      return new HubException(
          "The disk of the cache %s is full: make room, or set gpt2.hub.cache to a folder on a larger"
                  .formatted(cache)
              + " disk; the bytes received so far stay in the cache, and the next start resumes the"
              + " download.",
          failure);
    }
    return new HubException(
        "The cache %s cannot be written (%s): set gpt2.hub.cache (or HF_HUB_CACHE) to a folder that can"
                .formatted(cache, reason(file, failure))
            + " be written, or make that one writable for the server's user.",
        failure);
  }

  private static boolean isFull(IOException failure) {
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left")
        || message.contains("not enough space")
        || message.contains("quota exceeded");
  }

  private static String reason(Path file, IOException failure) {
    if (failure instanceof AccessDeniedException denied) {
      return "no permission for " + denied.getFile();
    }
    if (failure instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return failure.getClass().getSimpleName() + " for " + file;
  }

  private long free() {
    Path folder = cache;
    while (folder != null && !Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    try {
      return folder == null ? 0 : Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      return 0;
    }
  }
}
