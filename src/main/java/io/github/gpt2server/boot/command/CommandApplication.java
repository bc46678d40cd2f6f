package io.github.gpt2server.boot.command;

import io.github.gpt2server.boot.load.ServedModelLoader;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.ops.lifecycle.ServedEngine;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.serving.ServedModelHolder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * The parts of the server that a command needs: the settings and the model. Not a configuration
 * that a scan would find, for the server has its own.
 */
@EnableConfigurationProperties(Gpt2Properties.class)
class CommandApplication {

  @Bean
  ServedModelHolder servedModelHolder() {
    return new ServedModelHolder();
  }

  @Bean
  CommandModel commandModel(Gpt2Properties properties, ServedModelHolder holder) {
    ServerState state = new ServerState(new ServedEngine(holder));
    return new CommandModel(
        new ServedModelLoader(properties, state, EngineObserver.NONE, () -> {}), holder, state);
  }
}
