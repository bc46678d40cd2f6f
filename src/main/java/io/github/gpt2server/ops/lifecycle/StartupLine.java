package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.platform.ProcessStatus;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.server.Ssl;
import org.springframework.core.env.Environment;

/** Logs on one line what is served, how and where. */
public final class StartupLine {
  private static final Logger log = LoggerFactory.getLogger(StartupLine.class);

  private final Environment environment;

  /** Takes the address from {@code environment}, where the web server puts its port. */
  public StartupLine(Environment environment) {
    this.environment = environment;
  }

  /** Logs the line; the time is counted from the start of the JVM. */
  public void print(StartupFacts facts) {
    log.info(
        format(
            facts,
            Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime()),
            ProcessStatus.kibibytes("VmRSS"),
            ProcessStatus.kibibytes("VmHWM"),
            url()));
  }

  static String format(
      StartupFacts facts,
      Duration took,
      OptionalLong residentKib,
      OptionalLong peakKib,
      String url) {
    return String.format(
        Locale.ROOT,
        "%s (%.1fM parameters, %s, %s, %d %s, %s kernels with errors up to %.1e, KV cache %d MiB%s)"
            + " ready after %.1f s%s: %s",
        facts.model(),
        facts.parameters() / 1e6,
        facts.dtype(),
        facts.device(),
        facts.threads(),
        facts.threads() == 1 ? "thread" : "threads",
        facts.kernels(),
        facts.arithmeticError(),
        facts.kvCacheBytes() >> 20,
        facts.draftModel().isEmpty() ? "" : ", draft model " + facts.draftModel(),
        took.toMillis() / 1e3,
        residentKib.isPresent() && peakKib.isPresent()
            ? ", %d MiB resident (peak %d)"
                .formatted(residentKib.getAsLong() >> 10, peakKib.getAsLong() >> 10)
            : "",
        url);
  }

  private String url() {
    String port =
        environment.getProperty(
            "local.server.port", environment.getProperty("server.port", "8080"));
    boolean tls =
        Binder.get(environment)
            .bind("server.ssl", Ssl.class)
            .map(ssl -> ssl.isEnabled())
            .orElse(false);
    String address = environment.getProperty("server.address", "localhost");
    return (tls ? "https" : "http")
        + "://"
        + (address.contains(":") ? "[" + address + "]" : address)
        + ":"
        + port
        + environment.getProperty("server.servlet.context-path", "/");
  }
}
