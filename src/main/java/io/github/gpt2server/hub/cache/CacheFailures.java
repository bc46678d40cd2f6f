package io.github.gpt2server.hub.cache;

import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.text.Bytes;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What the failures of the cache's disk mean to a person, in one sentence each. */
public final class CacheFailures {
  private final Path cache;

  public CacheFailures(Path cache) {
    this.cache = cache;
  }

  /**
   * Asks before a download whether there is room for it.
   *
   * @param model what is to be downloaded
   * @param bytes how much of it is not there yet
   * @throws HubException if there is too little
   */
  public void requireSpace(String model, long bytes) {
    long free = free();
    // 0 and less is what file systems tell that do not know.
    if (free > 0 && free < bytes) {
      throw new HubException(
          "%s needs %s more, but the disk of the cache %s has only %s free: make room, or set"
                  .formatted(model, Bytes.text(bytes), cache, Bytes.text(free))
              + " gpt2.hub.cache to a folder on a larger disk.");
    }
  }

  /** Why a file of the cache cannot be written. */
  public HubException cannotWrite(Path file, IOException failure) {
    if (isFull(failure)) {
      return new HubException(
          "The disk of the cache %s is full: make room, or set gpt2.hub.cache to a folder on a larger"
                  .formatted(cache)
              + " disk; what has come so far is kept, and the next start goes on from there.",
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
