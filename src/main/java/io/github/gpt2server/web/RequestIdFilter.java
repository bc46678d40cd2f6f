package io.github.gpt2server.web;

import io.github.gpt2server.text.RandomId;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.regex.Pattern;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Gives every request an id: the client's own ({@code X-Request-Id}) if it has one that is fit for
 * a log, else a new one. The answer carries it, and so does every line that the request logs. Comes
 * first, for what follows may log, refuse or be traced.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class RequestIdFilter extends HttpFilter {
  /** The header, in both directions. */
  public static final String HEADER = "X-Request-Id";

  /** The key in the logging context, which is the field's name in the Elastic Common Schema. */
  private static final String LOG_KEY = "http.request.id";

  private static final long serialVersionUID = 1L;
  private static final Pattern FIT = Pattern.compile("[A-Za-z0-9._~:/@+=-]{1,128}");

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String id = idOf(request);
    response.setHeader(HEADER, id);
    MDC.put(LOG_KEY, id);
    try {
      chain.doFilter(request, response);
    } finally {
      MDC.remove(LOG_KEY);
    }
  }

  /** The id that the client gave if it is fit, else a new one. */
  public static String idOf(HttpServletRequest request) {
    String given = request.getHeader(HEADER);
    return given != null && FIT.matcher(given).matches() ? given : RandomId.of("req_");
  }
}
