package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.platform.Libc;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a process that cannot go on and would not end by itself: one that is out of memory in a
 * thread that serves no single request, or that has lost a thread which everything depends on. It
 * says so in one sentence on standard error and has an exit code of its own, so that whatever
 * watches it starts it again. Needs no memory: what is written is prepared, and nothing else runs
 * before the end.
 */
public final class ProcessEnd {
  /** The JVM's own with {@code -XX:+ExitOnOutOfMemoryError}. */
  public static final int EXIT_CODE = 3;

  private static final Logger log = LoggerFactory.getLogger(ProcessEnd.class);
  private static final OutputStream ERR = new FileOutputStream(FileDescriptor.err);
  private static final byte[] OUT_OF_MEMORY = bytes("Java is out of memory in the thread ");
  private static final byte[] SERVER_LOST = bytes("The server has lost the thread ");
  private static final byte[] SERVER_ENDS =
      bytes(
          ", which serves no single request: the process ends with exit code "
              + EXIT_CODE
              + " so that it is restarted. Give it more memory, or send fewer or smaller requests.\n");
  private static final byte[] COMMAND_LOST = bytes("The command has lost the thread ");
  private static final byte[] COMMAND_ENDS =
      bytes(
          ": the command ends with exit code "
              + EXIT_CODE
              + ". Give it more memory, with -Xmx or a larger container.\n");
  private static final AtomicBoolean ENDING = new AtomicBoolean();
  private static volatile byte[] lost = SERVER_LOST;
  private static volatile byte[] ends = SERVER_ENDS;
  private static volatile boolean kernelExit;

  private ProcessEnd() {}

  /**
   * Makes an error of the JVM that a thread does not handle end the process; other exceptions that
   * end a thread are logged.
   */
  public static void install() {
    Thread.setDefaultUncaughtExceptionHandler(ProcessEnd::uncaught);
  }

  /** The same, for a command. */
  public static void installForCommand() {
    lost = COMMAND_LOST;
    ends = COMMAND_ENDS;
    install();
  }

  /**
   * Makes the kernel end the process from now on. The JVM's own way out runs the C library's exit
   * handlers, which crash while libtorch computes. Does nothing where there is no such function.
   */
  public static void useKernel() {
    kernelExit = Libc.linkExit();
  }

  private static void uncaught(Thread thread, Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      end(OUT_OF_MEMORY, thread.getName());
    } else if (failure instanceof VirtualMachineError) {
      end(lost, thread.getName());
    } else {
      log.error("The thread {} has ended", thread.getName(), failure);
    }
  }

  /** Ends the process because a thread has ended. */
  static void lost(String thread) {
    end(lost, thread);
  }

  private static void end(byte[] beginning, String thread) {
    if (ENDING.compareAndSet(false, true)) {
      try {
        ERR.write(beginning);
        for (int i = 0; i < thread.length(); i++) {
          ERR.write(thread.charAt(i));
        }
        ERR.write(ends);
      } catch (IOException e) {
        // Standard error is closed.
        Thread.onSpinWait();
      }
    }
    if (kernelExit) {
      Libc.exit(EXIT_CODE);
    }
    Runtime.getRuntime().halt(EXIT_CODE);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
