package io.github.gpt2server.api.execution;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * Whether work for the request that this thread answers is still wanted, before the engine has it:
 * its client is there, and its time, which begins with its body, is not over. Only the request's
 * own thread may ask.
 */
public final class RequestWatch {
  private static final String ATTRIBUTE = RequestWatch.class.getName();

  /** The connection is asked as often, whatever the number of texts. */
  private static final long GLANCE_NANOS = Duration.ofMillis(20).toNanos();

  private final ClientConnection client = ClientConnection.current();
  private final Duration timeout;
  private final long start = System.nanoTime();
  private long lastGlance = start - GLANCE_NANOS;

  private RequestWatch(Duration timeout) {
    this.timeout = timeout;
  }

  /** Begins the time of this thread's request. */
  public static void begin(Duration timeout) {
    RequestContextHolder.currentRequestAttributes()
        .setAttribute(ATTRIBUTE, new RequestWatch(timeout), RequestAttributes.SCOPE_REQUEST);
  }

  /** That of this thread's request; without an end where no body was read. */
  public static RequestWatch current() {
    RequestAttributes request = RequestContextHolder.getRequestAttributes();
    Object watch =
        request == null ? null : request.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST);
    return watch instanceof RequestWatch own
        ? own
        : new RequestWatch(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Looks, if it did not just now.
   *
   * @throws ClientGoneException if the client has left
   * @throws ApiException 504, if the time is over
   */
  public void look() {
    long now = System.nanoTime();
    if (now - lastGlance < GLANCE_NANOS) {
      return;
    }
    lastGlance = now;
    if (client.gone()) {
      throw new ClientGoneException();
    }
    if (now - start > timeout.toNanos()) {
      throw ApiException.timedOut(timeout);
    }
  }
}
