package io.github.gpt2server;

import io.github.gpt2server.engine.ServedModelHolder;
import io.github.gpt2server.ops.ApiKeyFilter;
import io.github.gpt2server.ops.CorsPolicy;
import io.github.gpt2server.ops.EngineControl;
import io.github.gpt2server.ops.EngineHealthIndicator;
import io.github.gpt2server.ops.EngineLifecycle;
import io.github.gpt2server.ops.EngineMetrics;
import io.github.gpt2server.ops.ModelHealthIndicator;
import io.github.gpt2server.ops.ServedEngine;
import io.github.gpt2server.ops.ServerState;
import io.github.gpt2server.ops.StartupLine;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.web.filter.CorsFilter;

/** Wires package {@code ops}: the settings become plain arguments here. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(Gpt2Properties.class)
class OperationsConfiguration {
  private static final int CORS_ORDER = Ordered.HIGHEST_PRECEDENCE + 50;

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

  /** Comes before the keys are asked for: a preflight carries none. */
  @Bean
  FilterRegistrationBean<CorsFilter> corsFilter(Gpt2Properties properties) {
    final FilterRegistrationBean<CorsFilter> registration =
        new FilterRegistrationBean<>(new CorsPolicy(properties.corsOrigins()).filter());
    registration.setOrder(CORS_ORDER);
    registration.setEnabled(!properties.corsOrigins().isEmpty());
    return registration;
  }

  /** Guards what computes; health, metrics, the page and the documentation stay open. */
  @Bean
  FilterRegistrationBean<ApiKeyFilter> apiKeyFilter(Gpt2Properties properties) {
    final FilterRegistrationBean<ApiKeyFilter> registration =
        new FilterRegistrationBean<>(new ApiKeyFilter(properties.apiKeys()));
    registration.addUrlPatterns("/v1/*", "/tokenize/*", "/detokenize/*", "/tokenizer_info/*");
    registration.setOrder(CORS_ORDER + 1);
    registration.setEnabled(!properties.apiKeys().isEmpty());
    return registration;
  }
}
