package io.github.gpt2server.ops.tracing;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in one line that traces get lost, and in another that they no longer do; the exporter itself
 * would log a stack trace every minute.
 */
public final class ReportingSpanExporter implements SpanExporter {
  private static final Logger log = LoggerFactory.getLogger(ReportingSpanExporter.class);

  private final SpanExporter exporter;
  private final AtomicBoolean failing = new AtomicBoolean();

  /** Sends with {@code exporter}. */
  public ReportingSpanExporter(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(
        () -> {
          if (!result.isSuccess() && failing.compareAndSet(false, true)) {
            log.warn(
                "Traces cannot be sent to the collector ({}); they are dropped until it accepts them",
                reason(result.getFailureThrowable()));
          } else if (result.isSuccess() && failing.compareAndSet(true, false)) {
            log.info("The collector accepts traces again");
          }
        });
  }

  private static String reason(Throwable failure) {
    if (failure == null) {
      return "it rejects them";
    }
    Throwable cause = failure;
    String message = failure.getMessage();
    while (cause.getCause() != null) {
      cause = cause.getCause();
      message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
    return message;
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
