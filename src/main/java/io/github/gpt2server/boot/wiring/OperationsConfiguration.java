package io.github.gpt2server.boot.wiring;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryFigures;
import io.github.gpt2server.ops.exchange.AccessLog;
import io.github.gpt2server.ops.exchange.ExchangeFilter;
import io.github.gpt2server.ops.exchange.ExchangeListener;
import io.github.gpt2server.ops.exchange.PromptText;
import io.github.gpt2server.ops.health.EngineHealthIndicator;
import io.github.gpt2server.ops.health.ModelHealthIndicator;
import io.github.gpt2server.ops.health.ProbePaths;
import io.github.gpt2server.ops.lifecycle.EngineControl;
import io.github.gpt2server.ops.lifecycle.EngineLifecycle;
import io.github.gpt2server.ops.lifecycle.ServedEngine;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.ops.lifecycle.StartupLine;
import io.github.gpt2server.ops.metrics.EngineMetrics;
import io.github.gpt2server.ops.metrics.EngineRecorder;
import io.github.gpt2server.ops.metrics.KeyMetrics;
import io.github.gpt2server.ops.metrics.MemoryMetrics;
import io.github.gpt2server.ops.metrics.MetricsPage;
import io.github.gpt2server.ops.metrics.RequestMetrics;
import io.github.gpt2server.ops.metrics.TokenRates;
import io.github.gpt2server.ops.tracing.ReportingSpanExporter;
import io.github.gpt2server.ops.tracing.RequestSpans;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.web.path.Paths;
import io.github.gpt2server.web.security.ApiKeys;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.tracing.exporter.SpanExportingPredicate;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.SpanExporters;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/** Wires package {@code ops}: the settings become plain arguments here. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(Gpt2Properties.class)
public class OperationsConfiguration {
  /** Inside Spring's observation, which is 1, and outside of everything that may answer. */
  private static final int EXCHANGE_ORDER = Ordered.HIGHEST_PRECEDENCE + 2;

  @Bean
  ServedModelHolder servedModelHolder() {
    return new ServedModelHolder();
  }

  /** Closed by {@link EngineLifecycle} alone, so Spring must not infer a destroy method. */
  @Bean(destroyMethod = "")
  EngineControl engineControl(ServedModelHolder holder) {
    return new ServedEngine(holder);
  }

  @Bean
  ServerState serverState(EngineControl engine) {
    return new ServerState(engine);
  }

  @Bean
  EngineLifecycle engineLifecycle(
      EngineControl engine, ServerState state, Gpt2Properties properties) {
    return new EngineLifecycle(engine, state, properties.shutdownGrace());
  }

  @Bean
  StartupLine startupLine(Environment environment) {
    return new StartupLine(environment);
  }

  @Bean
  EngineHealthIndicator engineHealthIndicator(ServerState state) {
    return new EngineHealthIndicator(state);
  }

  @Bean
  ModelHealthIndicator modelHealthIndicator(ServerState state) {
    return new ModelHealthIndicator(state);
  }

  @Bean
  EngineMetrics engineMetrics(EngineControl engine, ServerState state) {
    return new EngineMetrics(engine, state);
  }

  @Bean
  MemoryBudget memoryBudget() {
    return new MemoryBudget(MemoryFigures::ofThisProcess);
  }

  @Bean
  MemoryMetrics memoryMetrics(MemoryBudget budget) {
    return new MemoryMetrics(budget);
  }

  @Bean
  TokenRates tokenRates() {
    return new TokenRates();
  }

  @Bean
  EngineRecorder engineRecorder(MeterRegistry registry, TokenRates rates) {
    return new EngineRecorder(registry, rates);
  }

  @Bean
  FilterRegistrationBean<ExchangeFilter> exchangeFilter(
      Gpt2Properties properties,
      ServedModelHolder holder,
      MeterRegistry registry,
      ApiKeys keys,
      ObjectProvider<Tracer> tracer) {
    PromptText prompts =
        properties.logPrompts()
            ? PromptText.shown(
                tokens -> holder.get().map(model -> model.tokenizer().decode(tokens)).orElse(""))
            : PromptText.HIDDEN;
    List<ExchangeListener> listeners = new ArrayList<>();
    listeners.add(new RequestMetrics(registry));
    listeners.add(new KeyMetrics(registry, keys.names()));
    if (properties.accessLog()) {
      listeners.add(new AccessLog(prompts));
    }
    tracer.ifAvailable(spans -> listeners.add(new RequestSpans(spans, prompts)));
    FilterRegistrationBean<ExchangeFilter> registration =
        new FilterRegistrationBean<>(new ExchangeFilter(holder, listeners));
    registration.setOrder(EXCHANGE_ORDER);
    return registration;
  }

  /** Replaces Spring Boot's bean, which leaves the exporters as they are. */
  @Bean
  SpanExporters spanExporters(ObjectProvider<SpanExporter> exporters) {
    return SpanExporters.of(
        exporters.orderedStream().<SpanExporter>map(ReportingSpanExporter::new).toList());
  }

  /** Leaves out probes and scrapes, which come every few seconds. */
  @Bean
  SpanExportingPredicate noSpansOfProbes() {
    return span -> !ProbePaths.contains(span.getTags().get("http.url"));
  }

  /**
   * Serves metrics on this port unless management has one of its own; see {@link
   * ManagementPortConfiguration}. Spring MVC takes a bean's name for its path if it begins with a
   * slash.
   */
  @Bean(Paths.METRICS)
  @ConditionalOnManagementPort(ManagementPortType.SAME)
  MetricsPage metricsPage(PrometheusMeterRegistry registry) {
    return new MetricsPage(registry);
  }
}
