package io.github.gpt2server.boot.settings;

import java.net.URI;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.util.StringUtils;

/**
 * Leaves tracing out where no address for the traces is set: Spring Boot would make every span all
 * the same, and throw it away. The address may also come in the variables that OpenTelemetry
 * defines for exporters.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/otel/protocol/exporter/">the variables</a>
 */
public final class TracingEnvironment implements EnvironmentPostProcessor, Ordered {
  private static final String OTLP = "management.opentelemetry.tracing.export.otlp.";
  private static final String ENDPOINT = OTLP + "endpoint";
  private static final String TRANSPORT = OTLP + "transport";

  private static final String TRACES_VARIABLE = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  private static final String ALL_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT";

  private static final String BOOT = "org.springframework.boot.";
  private static final String EXCLUDED =
      Stream.of(
              "micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration",
              "micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration",
              "micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
              "micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration",
              "opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
              "opentelemetry.autoconfigure.logging.OpenTelemetryLoggingAutoConfiguration")
          .map(BOOT::concat)
          .collect(Collectors.joining(","));

  /** Last, when every source of properties is known. */
  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE;
  }

  /**
   * Turns tracing off, or sets its address.
   *
   * @throws InvalidSettingException if that is no address of HTTP
   */
  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    MutablePropertySources sources = environment.getPropertySources();
    String own = environment.getProperty(ENDPOINT, "");
    String endpoint = own.isEmpty() ? fromVariables(environment) : own;
    if (endpoint.isEmpty()) {
      sources.addLast(
          new MapPropertySource("noTracing", Map.of("spring.autoconfigure.exclude", EXCLUDED)));
      return;
    }
    if (!own.isEmpty()) {
      requireHttp(ENDPOINT, own);
    }
    String transport = environment.getProperty(TRANSPORT, "http");
    if (!transport.equalsIgnoreCase("http")) {
      throw new InvalidSettingException(TRANSPORT, transport, "http");
    }
    if (own.isEmpty()) {
      // First, for a setting that is empty stands before it.
      sources.addFirst(new MapPropertySource("tracing", Map.of(ENDPOINT, endpoint)));
    }
  }

  private static String fromVariables(ConfigurableEnvironment environment) {
    if (environment.getProperty("OTEL_SDK_DISABLED", "").equalsIgnoreCase("true")
        || environment.getProperty("OTEL_TRACES_EXPORTER", "").equals("none")) {
      return "";
    }
    String traces = environment.getProperty(TRACES_VARIABLE, "");
    if (!traces.isEmpty()) {
      requireHttp(TRACES_VARIABLE, traces);
      return traces;
    }
    String all = environment.getProperty(ALL_VARIABLE, "");
    if (all.isEmpty()) {
      return "";
    }
    requireHttp(ALL_VARIABLE, all);
    return StringUtils.trimTrailingCharacter(all, '/') + "/v1/traces";
  }

  private static void requireHttp(String setting, String endpoint) {
    try {
      URI uri = URI.create(endpoint);
      if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?")) {
        return;
      }
    } catch (IllegalArgumentException e) {
      // Reported below, as every other text that is no address.
    }
    throw new InvalidSettingException(
        setting,
        endpoint,
        "an address such as http://collector:4318"
            + (setting.equals(ALL_VARIABLE) ? "" : "/v1/traces"));
  }
}
