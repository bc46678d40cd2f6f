package io.github.gpt2server;

import io.github.gpt2server.engine.ServedModelHolder;
import io.github.gpt2server.ops.EngineControl;
import io.github.gpt2server.ops.EngineHealthIndicator;
import io.github.gpt2server.ops.EngineLifecycle;
import io.github.gpt2server.ops.EngineMetrics;
import io.github.gpt2server.ops.MetricsPage;
import io.github.gpt2server.ops.ModelHealthIndicator;
import io.github.gpt2server.ops.ServedEngine;
import io.github.gpt2server.ops.ServerState;
import io.github.gpt2server.ops.StartupLine;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.boot.actuate.autoconfigure.web.server.ConditionalOnManagementPort;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Wires package {@code ops}: the settings become plain arguments here. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(Gpt2Properties.class)
class OperationsConfiguration {
  /** Spring MVC takes a bean's name for its path if it begins with a slash. */
  static final String METRICS = "/metrics";

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

  /** On this port unless management has one of its own; see {@link ManagementPort}. */
  @Bean(METRICS)
  @ConditionalOnManagementPort(ManagementPortType.SAME)
  MetricsPage metricsPage(PrometheusMeterRegistry registry) {
    return new MetricsPage(registry);
  }
}
