package io.github.gpt2server.api.execution;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * Watches the current thread's request before it is submitted to the engine: whether its client is
 * still connected, and whether its time limit, counted from the start of its body, has passed. Used
 * by the request's own thread only.
 */
public final class RequestWatch {
  private static final String ATTRIBUTE = RequestWatch.class.getName();

  /** Minimum time between two checks of the connection, whatever the number of texts. */
  private static final long CHECK_NANOS = Duration.ofMillis(20).toNanos();

  private final ClientConnection client = ClientConnection.current();
  private final Duration timeout;
  private final long start = System.nanoTime();
  private long lastCheck = start - CHECK_NANOS;

  private RequestWatch(Duration timeout) {
    this.timeout = timeout;
  }

  /** Starts the time limit of this thread's request. */
  public static void begin(Duration timeout) {
    RequestContextHolder.currentRequestAttributes()
        .setAttribute(ATTRIBUTE, new RequestWatch(timeout), RequestAttributes.SCOPE_REQUEST);
  }

  /** The watch of this thread's request; one without a time limit if no body was read. */
  public static RequestWatch current() {
    RequestAttributes request = RequestContextHolder.getRequestAttributes();
    Object watch =
        request == null ? null : request.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST);
    return watch instanceof RequestWatch own
        ? own
        : new RequestWatch(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Checks client and time limit, unless it did so a moment ago.
   *
   * @throws ClientGoneException if the client has disconnected
   * @throws ApiException 504, if the time limit has passed
   */
  public void look() {
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
