package io.github.gpt2server.boot.failure;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Prints one sentence on standard error when the server cannot start; nothing if it was asked to
 * stop while it started, which is no failure. Comes before Spring's own reporter, which would log a
 * page; the stack trace is logged at debug level.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class StartupFailureReporter implements SpringBootExceptionReporter {
  // Spring's own logger, because --debug raises it and leaves the others alone.
  private static final Log log = LogFactory.getLog(SpringApplication.class);

  @Override
  public boolean reportException(Throwable failure) {
    if (shuttingDown()) {
      // SIGTERM came during the start: what fails now fails because the context is closed under it.
      // The shutdown decides when the process ends and with which code; here it is waited for.
      System.exit(1);
    }
    System.err.println(StartupFailureMessage.of(failure));
    log.debug("Start-up failed", failure);
    return true;
  }

  /** The JVM does not report it, but it refuses new hooks from the moment on that it shuts down. */
  private static boolean shuttingDown() {
    Thread hook = new Thread(() -> {}, "never-run");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }
}
