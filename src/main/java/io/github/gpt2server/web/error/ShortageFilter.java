package io.github.gpt2server.web.error;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.coyote.CloseNowException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers with 503 where memory was lacking, wherever that was noticed; the answer is built when
 * the filter is created. An answer that had begun and cannot be completed ends with its connection,
 * or with its HTTP/2 stream, so that no client takes it for whole.
 */
public final class ShortageFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;
  private static final Logger log = LoggerFactory.getLogger(ShortageFilter.class);
  private static final String CUT = ShortageFilter.class.getName() + ".CUT";
  private static final int MAX_CAUSES = 50;

  private final transient ApiException shortage = ApiException.outOfMemory();
  private final byte[] body = JsonMapper.shared().writeValueAsBytes(shortage.response());
  private final String retryAfter = Long.toString(shortage.retryAfter().toSeconds());

  /** Marks the answer to a request as one that has begun and cannot be completed. */
  public static void cut(HttpServletRequest request) {
    request.setAttribute(CUT, true);
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      chain.doFilter(request, response);
    } catch (OutOfMemoryError e) {
      answer(response, e);
    } catch (ServletException e) {
      OutOfMemoryError error = shortage(e);
      if (error == null) {
        throw e;
      }
      answer(response, error);
    }
    if (request.getAttribute(CUT) != null) {
      throw new CloseNowException("the answer could not be completed");
    }
  }

  /** The lack of memory that caused a failure, or null. */
  public static OutOfMemoryError shortage(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
      if (cause instanceof OutOfMemoryError error) {
        return error;
      }
      cause = cause.getCause();
    }
    return null;
  }

  /** Logs the shortage, if there is memory for that. */
  public static void log(OutOfMemoryError shortage) {
    try {
      log.error("A request failed for lack of memory ({})", shortage.getMessage());
    } catch (OutOfMemoryError e) {
      Thread.onSpinWait();
    }
  }

  private void answer(HttpServletResponse response, OutOfMemoryError error) throws IOException {
    log(error);
    if (response.isCommitted()) {
      throw new CloseNowException("the answer could not be completed");
    }
    response.resetBuffer();
    response.setStatus(shortage.status().value());
    response.setHeader(HttpHeaders.RETRY_AFTER, retryAfter);
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
