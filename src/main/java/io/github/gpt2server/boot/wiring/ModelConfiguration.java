package io.github.gpt2server.boot.wiring;

import io.github.gpt2server.boot.load.ServedModelLoader;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.ops.lifecycle.ModelStartup;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.ops.lifecycle.StartupLine;
import io.github.gpt2server.serving.ServedModelHolder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;

/**
 * Wires the model: it loads beside the start of the web server, which tells probes how far it is.
 */
@Configuration(proxyBeanMethods = false)
class ModelConfiguration {

  /** After the lifecycle, which waits for a load that has begun however the context ends. */
  @Bean(initMethod = "begin")
  @DependsOn("engineLifecycle")
  ModelStartup modelStartup(
      Gpt2Properties properties,
      ServedModelHolder holder,
      ServerState state,
      StartupLine line,
      EngineObserver observer) {
    return new ModelStartup(
        new ServedModelLoader(properties, state, observer, state::awaitWebServer),
        holder,
        state,
        line);
  }
}
