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
 * Lock under which one thread of one process downloads a blob. It only saves work: correctness
 * comes from the hash of the content, so that a lost lock does no harm. The operating system
 * releases the lock of a process that dies.
 *
 * <p>On Linux, Java's locks ({@code fcntl}) and those of Python's filelock ({@code flock}) do not
 * exclude each other, so that a Python process may download the same file at the same time.
 */
public final class CacheLock {
  private static final Logger log = LoggerFactory.getLogger(CacheLock.class);
  private static final long POLL_MILLIS = 100;

  /** A file lock belongs to the whole JVM and is lost when any thread closes that file. */
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
   * @param what the name of the file, for the log
   * @param waiting called every 100 ms while another thread or process holds the lock
   */
  public static CacheLock acquire(Path file, String what, Runnable waiting)
      throws IOException, InterruptedException {
    ReentrantLock thread = THREADS.computeIfAbsent(file, path -> new ReentrantLock());
    boolean reported = false;
    while (!thread.tryLock(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      reported = report(reported, what);
      waiting.run();
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      Files.createDirectories(file.getParent());
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      while (!tryLock(channel, file)) {
        reported = report(reported, what);
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
          "{} cannot be locked ({}): use this cache from one server at a time", file, e.toString());
      return true;
    }
  }

  private static boolean report(boolean reported, String what) {
    if (!reported) {
      log.info("Another process is downloading {}; waiting for it", what);
    }
    return true;
  }

  /** Releases the lock. */
  public void release() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
