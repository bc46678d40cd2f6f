package io.github.gpt2server;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Prints one sentence on standard error when the server cannot start. Comes before Spring's own
 * reporter, which would log a page; the stack trace is logged at debug level.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class StartupFailureReporter implements SpringBootExceptionReporter {
  // Spring's own logger, because --debug raises it and leaves the others alone.
  private static final Log log = LogFactory.getLog(SpringApplication.class);

  @Override
  public boolean reportException(Throwable failure) {
    System.err.println(FailureSentence.of(failure));
    log.debug("Start-up failed", failure);
    return true;
  }
}
