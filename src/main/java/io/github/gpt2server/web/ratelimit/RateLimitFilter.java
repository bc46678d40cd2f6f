package io.github.gpt2server.web.ratelimit;

import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.error.ApiException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Predicate;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/**
 * Admits requests to the model by the limits of their keys, before their bodies are read. A request
 * counts until its handler has returned: handlers hold their thread to the last byte, or until they
 * notice that the client has left.
 */
public final class RateLimitFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;

  private final transient RateLimiter limiter;
  private final transient Predicate<HttpServletRequest> limited;

  /**
   * @param limited tells requests to the model from those that are free
   */
  public RateLimitFilter(RateLimiter limiter, Predicate<HttpServletRequest> limited) {
    this.limiter = limiter;
    this.limited = limited;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!limited.test(request)) {
      chain.doFilter(request, response);
      return;
    }
    Quota quota;
    try {
      quota = Quota.begin(limiter.of(Caller.of(request)), request, response);
    } catch (ApiException e) {
      refuse(response, e);
      return;
    }
    HeldAnswer answer = new HeldAnswer(response);
    try {
      chain.doFilter(request, quota.isLimited() ? answer : response);
    } finally {
      quota.end();
    }
    answer.release();
  }

  private static void refuse(HttpServletResponse response, ApiException refusal)
      throws IOException {
    response.setStatus(refusal.status().value());
    response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(refusal.retryAfter().toSeconds()));
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    refusal.response().writeTo(response.getOutputStream());
  }
}
