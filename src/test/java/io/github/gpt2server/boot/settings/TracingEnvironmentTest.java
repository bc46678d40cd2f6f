package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class TracingEnvironmentTest {
  private static final String ENDPOINT = "management.opentelemetry.tracing.export.otlp.endpoint";

  @Test
  void withoutAnAddressThereIsNoTracing() {
    for (Map<String, Object> settings :
        List.<Map<String, Object>>of(
            Map.of(),
            Map.of(ENDPOINT, ""),
            Map.of("OTEL_TRACES_EXPORTER", "none", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            Map.of("OTEL_SDK_DISABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"))) {
      StandardEnvironment environment = process(settings);

      assertThat(environment.getProperty("spring.autoconfigure.exclude"))
          .contains("OpenTelemetryTracingAutoConfiguration");
    }
  }

  @Test
  void theSettingComesFirst() {
    StandardEnvironment environment =
        process(
            Map.of(
                ENDPOINT,
                "https://own:4318/v1/traces",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://other:4318"));

    assertThat(environment.getProperty(ENDPOINT)).isEqualTo("https://own:4318/v1/traces");
    assertThat(environment.getProperty("spring.autoconfigure.exclude")).isNull();
  }

  @Test
  void openTelemetrysVariablesAreRead() {
    assertThat(
            process(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/")).getProperty(ENDPOINT))
        .isEqualTo("http://c:4318/v1/traces");
    assertThat(
            process(
                    Map.of(
                        ENDPOINT,
                        "",
                        "OTEL_EXPORTER_OTLP_ENDPOINT",
                        "http://c:4318",
                        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                        "http://traces:1/path"))
                .getProperty(ENDPOINT))
        .isEqualTo("http://traces:1/path");
  }

  @Test
  void whatIsNoAddressIsRefused() {
    for (String wrong :
        new String[] {"collector:4318", "ftp://collector", "http://", "//c", "a b"}) {
      assertThatThrownBy(() -> process(Map.of(ENDPOINT, wrong)))
          .isInstanceOf(InvalidSettingException.class)
          .hasMessage(
              "%s=%s is not allowed: use an address such as http://collector:4318/v1/traces.",
              ENDPOINT, wrong);
    }
    assertThatThrownBy(() -> process(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")))
        .hasMessage(
            "OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317 is not allowed: use an address such as"
                + " http://collector:4318.");
    assertThatThrownBy(
            () ->
                process(
                    Map.of(
                        ENDPOINT,
                        "http://collector:4317",
                        "management.opentelemetry.tracing.export.otlp.transport",
                        "grpc")))
        .hasMessage(
            "management.opentelemetry.tracing.export.otlp.transport=grpc is not allowed: use"
                + " http.");
  }

  private static StandardEnvironment process(Map<String, Object> settings) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(new MapPropertySource("given", new HashMap<>(settings)));
    new TracingEnvironment().postProcessEnvironment(environment, new SpringApplication());
    return environment;
  }
}
