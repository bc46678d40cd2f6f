package io.github.gpt2server.hub.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one process, and one thread of it, download a content at a time. Only saves work: a content
 * is right because its hash is, whoever wrote it. The operating system frees the lock of a process
 * that dies.
 *
 * <p>Java's locks and those of Python's filelock are of two kinds that do not see each other on
 * Linux, so that a Python process may download the same file at the same time.
 */
public final class CacheLock {
  private static final Logger log = LoggerFactory.getLogger(CacheLock.class);
  private static final long POLL_MILLIS = 100;

  /** A lock on a file is the whole JVM's, and lost when any thread closes that file. */
  private static final ConcurrentMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock thread;
  private final FileChannel channel;

  private CacheLock(ReentrantLock thread, FileChannel channel) {
    this.thread = thread;
    this.channel = channel;
  }

  /**
   * Waits for the lock.
   *
   * @param what what is locked, for the log
   * @param waiting called again and again while another process has the lock
   */
  public static CacheLock acquire(Path file, String what, Runnable waiting)
      throws IOException, InterruptedException {
    ReentrantLock thread = THREADS.computeIfAbsent(file, path -> new ReentrantLock());
    boolean told = false;
    while (!thread.tryLock(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      told = tell(told, what);
      waiting.run();
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      Files.createDirectories(file.getParent());
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      while (!tryLock(channel, file)) {
        told = tell(told, what);
        waiting.run();
        Thread.sleep(POLL_MILLIS);
      }
      locked = true;
      return new CacheLock(thread, channel);
    } finally {
      if (!locked) {
        thread.unlock();
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  private static boolean tryLock(FileChannel channel, Path file) {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (IOException e) {
      log.warn(
          "{} cannot be locked ({}): let one server at a time use this cache", file, e.toString());
      return true;
    }
  }

  private static boolean tell(boolean told, String what) {
    if (!told) {
      log.info("Another server downloads {}: waiting for it", what);
    }
    return true;
  }

  /** Lets the next one in. */
  public void release() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
