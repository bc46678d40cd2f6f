package io.github.gpt2server.api.execution;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * The reasons to abort the current thread's request before the engine has it: its client is gone,
 * or its time limit, counted from the start of its body, has passed. Used by the request's own
 * thread only.
 */
public final class AbortCheck {
  private static final String ATTRIBUTE = AbortCheck.class.getName();

  /** Minimum time between two checks of the connection, whatever the number of texts. */
  private static final long CHECK_NANOS = Duration.ofMillis(20).toNanos();

  private final ClientConnection client = ClientConnection.current();
  private final Duration timeout;
  private final long start = System.nanoTime();
  private long lastCheck = start - CHECK_NANOS;

  private AbortCheck(Duration timeout) {
    this.timeout = timeout;
  }

  /** Starts the time limit of this thread's request. */
  public static void begin(Duration timeout) {
    RequestContextHolder.currentRequestAttributes()
        .setAttribute(ATTRIBUTE, new AbortCheck(timeout), RequestAttributes.SCOPE_REQUEST);
  }

  /** The check of this thread's request; one without a time limit if no body was read. */
  public static AbortCheck current() {
    RequestAttributes request = RequestContextHolder.getRequestAttributes();
    Object check =
        request == null ? null : request.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST);
    return check instanceof AbortCheck own ? own : new AbortCheck(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Checks client and time limit, unless it did so a moment ago.
   *
   * @throws ClientGoneException if the client has disconnected
   * @throws ApiException 504, if the time limit has passed
   */
  public void check() {
    long now = System.nanoTime();
    if (now - lastCheck < CHECK_NANOS) {
      return;
    }
    lastCheck = now;
    if (client.gone()) {
      throw new ClientGoneException();
    }
    if (now - start > timeout.toNanos()) {
      throw ApiException.timedOut(timeout);
    }
  }
}
