package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.platform.Libc;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jline.utils.Signals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handlers of SIGTERM and SIGINT (Ctrl-C). The first lets running requests finish, as the JVM does
 * by itself. The second, which the JVM would not notice any more, ends them at once, with their
 * last event; and if the process is still there soon after, or at the third, the kernel ends it. A
 * shell sees 128 + the signal's number in every case.
 */
public final class TerminationSignals {
  private static final Logger log = LoggerFactory.getLogger(TerminationSignals.class);

  /** The time that clients may take to receive the last event of their streams. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

  private final BooleanSupplier hurry;
  private final AtomicInteger received = new AtomicInteger();

  private enum Signal {
    INT(2),
    TERM(15);

    private final int number;

    Signal(int number) {
      this.number = number;
    }
  }

  private TerminationSignals(BooleanSupplier hurry) {
    this.hurry = hurry;
  }

  /**
   * Handles both signals from now on; does nothing where the JVM leaves them to others ({@code
   * -Xrs}).
   *
   * @param hurry ends running requests; false if the server is in the middle of something that
   *     cannot be ended
   */
  public static void install(BooleanSupplier hurry) {
    TerminationSignals signals = new TerminationSignals(hurry);
    for (Signal signal : Signal.values()) {
      Signals.register(signal.name(), () -> signals.receive(signal));
    }
  }

  /** The JVM calls this on a new thread for each signal. */
  private void receive(Signal signal) {
    switch (received.incrementAndGet()) {
      case 1 -> System.exit(128 + signal.number);
      case 2 -> {
        if (endRequests()) {
          pause();
        }
        die(signal);
      }
      default -> die(signal);
    }
  }

  private boolean endRequests() {
    try {
      return hurry.getAsBoolean();
    } catch (RuntimeException e) {
      // The server is not far enough, or too far, to have anything to end.
      log.debug("Nothing to hurry", e);
      return false;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LAST_ANSWERS.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends the process by the kernel: the JVM's own ways out run the C library's exit handlers, which
   * crash while libtorch computes.
   */
  private static void die(Signal signal) {
    Signals.registerDefault(signal.name());
    if (!Libc.signal(signal.number)) {
      log.debug("No signal can be sent here");
      Runtime.getRuntime().halt(128 + signal.number);
    }
  }
}
