package io.github.gpt2server.platform;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The C library's functions that Java has no counterpart for. It is linked at the first call, for
 * JNA's own library has to be unpacked before.
 */
public final class Libc {
  private static final Logger log = LoggerFactory.getLogger(Libc.class);

  private Libc() {}

  private interface Functions extends Library {
    int setenv(String name, String value, int overwrite);

    int mallopt(int parameter, int value);

    @SuppressWarnings("checkstyle:MethodName") // The function's own name.
    int malloc_trim(long pad);

    int kill(int process, int signal);
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

  private static boolean call(String name, Consumer<Functions> call) {
    try {
      call.accept(Native.load("c", Functions.class));
      return true;
    } catch (UnsatisfiedLinkError e) {
      log.debug("This C library has no {}", name, e);
      return false;
    }
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
