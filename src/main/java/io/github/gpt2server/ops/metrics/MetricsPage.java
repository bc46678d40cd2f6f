package io.github.gpt2server.ops.metrics;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.servlet.support.WebContentGenerator;

/**
 * Prometheus' text format, the same as {@code /actuator/prometheus}. Not a controller, which a scan
 * would find: it belongs to one of two ports.
 */
public final class MetricsPage extends WebContentGenerator implements HttpRequestHandler {
  private static final String TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry registry;

  /** Scrapes {@code registry} each time. */
  public MetricsPage(PrometheusMeterRegistry registry) {
    super(METHOD_GET, METHOD_HEAD);
    this.registry = registry;
  }

  @Override
  public void handleRequest(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    checkRequest(request);
    response.setContentType(TEXT_FORMAT);
    registry.scrape(response.getOutputStream(), TEXT_FORMAT);
  }
}
