package io.github.gpt2server.platform;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The C library's functions that Java has no counterpart for. It is linked at the first call, for
 * JNA's own library has to be unpacked before.
 */
public final class Libc {
  private static final Logger log = LoggerFactory.getLogger(Libc.class);

  private static final int MADV_DONTNEED = 4;

  private static Functions functions;

  private Libc() {}

  private interface Functions extends Library {
    int setenv(String name, String value, int overwrite);

    int mallopt(int parameter, int value);

    @SuppressWarnings("checkstyle:MethodName") // The function's own name.
    int malloc_trim(long pad);

    int kill(int process, int signal);

    int getpagesize();

    int madvise(Pointer address, NativeLong length, int advice);
  }

  /** Functions that are called without the objects that JNA makes for an interface. */
  private static final class Direct {
    private Direct() {}

    @SuppressWarnings("checkstyle:MethodName") // The function's own name.
    static native void _exit(int status);
  }

  /** Returns whether this is Linux, whose C libraries have all of these functions or most. */
  public static boolean isLinux() {
    return Platform.isLinux();
  }

  /**
   * Sets an environment variable that native libraries read, unless it is set.
   *
   * @return false if there is no such function
   */
  public static boolean setEnvironment(String name, String value) {
    return call("setenv", libc -> libc.setenv(name, value, 0));
  }

  /**
   * Sets a parameter of malloc.
   *
   * @return false if there is no such function
   * @see <a href="https://man7.org/linux/man-pages/man3/mallopt.3.html">mallopt</a>
   */
  public static boolean setMallocOption(int parameter, int value) {
    return call("mallopt", libc -> libc.mallopt(parameter, value));
  }

  /**
   * Returns freed memory that malloc retains to the system.
   *
   * @return false if there is no such function
   * @see <a href="https://man7.org/linux/man-pages/man3/malloc_trim.3.html">malloc_trim</a>
   */
  public static boolean trimMalloc() {
    return call("malloc_trim", libc -> libc.malloc_trim(0));
  }

  /**
   * Sends this process a signal.
   *
   * @return false if there is no such function
   */
  public static boolean signal(int signal) {
    return call("kill", libc -> libc.kill((int) ProcessHandle.current().pid(), signal));
  }

  /**
   * Takes the pages of a mapped file out of this process's memory; used again, they are read again.
   *
   * @param mapped a buffer that is mapped read-only: of other memory, the content would be lost
   * @return false if there is no such function
   * @see <a href="https://man7.org/linux/man-pages/man2/madvise.2.html">madvise</a>
   */
  public static boolean releaseMapped(ByteBuffer mapped) {
    return call(
        "madvise",
        libc -> {
          // A mapping begins with a page, however far into it the buffer does.
          Pointer data = Native.getDirectBufferPointer(mapped);
          long into = Pointer.nativeValue(data) % libc.getpagesize();
          libc.madvise(data.share(-into), new NativeLong(into + mapped.capacity()), MADV_DONTNEED);
        });
  }

  private static boolean call(String name, Consumer<Functions> call) {
    try {
      call.accept(functions());
      return true;
    } catch (UnsatisfiedLinkError e) {
      log.debug("This C library has no {}", name, e);
      return false;
    }
  }

  private static synchronized Functions functions() {
    if (functions == null) {
      functions = Native.load("c", Functions.class);
    }
    return functions;
  }

  /**
   * Links {@link #exit}.
   *
   * @return false if there is no such function
   */
  public static boolean linkExit() {
    try {
      Native.register(Direct.class, "c");
      return true;
    } catch (LinkageError e) {
      log.debug("This C library has no _exit", e);
      return false;
    }
  }

  /**
   * Ends the process at once, without the C library's exit handlers. Allocates nothing; only after
   * {@link #linkExit} has returned true.
   */
  public static void exit(int status) {
    Direct._exit(status);
  }
}
