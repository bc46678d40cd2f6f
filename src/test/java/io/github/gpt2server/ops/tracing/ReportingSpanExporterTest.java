package io.github.gpt2server.ops.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class ReportingSpanExporterTest {
  private CompletableResultCode next;

  private final SpanExporter exporter =
      new ReportingSpanExporter(
          new SpanExporter() {
            @Override
            public CompletableResultCode export(Collection<SpanData> spans) {
              return next;
            }

            @Override
            public CompletableResultCode flush() {
              return CompletableResultCode.ofSuccess();
            }

            @Override
            public CompletableResultCode shutdown() {
              return CompletableResultCode.ofSuccess();
            }
          });

  private void export(CompletableResultCode result) {
    next = result;
    assertThat(exporter.export(List.of())).isSameAs(result);
  }

  private static CompletableResultCode refused() {
    return CompletableResultCode.ofExceptionalFailure(
        new UncheckedIOException(new ConnectException("Connection refused")));
  }

  @Test
  void aCollectorThatIsGoneIsALineAndSoIsOneThatIsBack(CapturedOutput output) {
    export(CompletableResultCode.ofSuccess());
    export(refused());
    export(refused());
    export(CompletableResultCode.ofSuccess());
    export(CompletableResultCode.ofSuccess());
    export(CompletableResultCode.ofFailure());

    assertThat(output.getOut().lines().map(line -> line.substring(line.indexOf("Reporting"))))
        .extracting(line -> line.replaceFirst("ReportingSpanExporter\\W+", ""))
        .containsExactly(
            "Traces cannot be sent to the collector (Connection refused); they are dropped until it accepts them",
            "The collector accepts traces again",
            "Traces cannot be sent to the collector (it rejects them); they are dropped until it accepts them");
  }
}
