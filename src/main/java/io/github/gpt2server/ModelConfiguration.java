package io.github.gpt2server;

import io.github.gpt2server.engine.EngineObserver;
import io.github.gpt2server.engine.ServedModelHolder;
import io.github.gpt2server.ops.ModelStartup;
import io.github.gpt2server.ops.ServerState;
import io.github.gpt2server.ops.StartupLine;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Wires the model: it loads once the web server is up, so that probes can tell loading. */
@Configuration(proxyBeanMethods = false)
class ModelConfiguration {

  @Bean
  ModelStartup modelStartup(
      Gpt2Properties properties,
      ServedModelHolder holder,
      ServerState state,
      StartupLine line,
      EngineObserver observer) {
    return new ModelStartup(
        new ServedModelLoader(properties, state, observer), holder, state, line);
  }
}
