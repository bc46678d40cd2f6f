package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.error.HttpErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import tools.jackson.databind.json.JsonMapper;

/** Errors of requests that never reach the application, such as a path that is no path. */
public final class ErrorEnvelopeValve extends ErrorReportValve {
  private static final JsonMapper JSON = JsonMapper.shared();

  @Override
  protected void report(Request request, Response response, Throwable throwable) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    String asked = request.getMethod() == null ? "that path" : request.getMethod() + " that path";
    byte[] body = JSON.writeValueAsBytes(HttpErrors.response(status, asked, null));
    response.setContentType("application/json");
    if (response.getHeader(RequestIdFilter.HEADER) == null) {
      response.setHeader(RequestIdFilter.HEADER, RequestIdFilter.idOf(request));
    }
    response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setContentLength(body.length);
    try {
      response.getReporter().write(new String(body, StandardCharsets.UTF_8));
      response.finishResponse();
    } catch (IOException e) {
      // The client has left without waiting to hear what was wrong.
      containerLog.debug("Error report not delivered", e);
    }
  }
}
