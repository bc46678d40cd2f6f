package io.github.gpt2server.boot.command;

import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.ops.lifecycle.ModelLoader;
import io.github.gpt2server.ops.lifecycle.ServerState;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;

/**
 * Loads the model of a command and ends its engine along with the context, which Spring closes on
 * SIGTERM and Ctrl-C too: libtorch must not be in the middle of anything when the process ends. The
 * end waits until the model is loaded, but not for a hub.
 */
final class CommandModel implements ApplicationRunner, AutoCloseable {
  private final ModelLoader loader;
  private final ServedModelHolder holder;
  private final ServerState state;
  private boolean closed;

  CommandModel(ModelLoader loader, ServedModelHolder holder, ServerState state) {
    this.loader = loader;
    this.holder = holder;
    this.state = state;
  }

  @Override
  public synchronized void run(ApplicationArguments arguments) throws Exception {
    if (closed) {
      throw new EngineStoppedException("the command was asked to stop");
    }
    holder.set(loader.load().served());
  }

  @Override
  public void close() {
    state.stop();
    end();
  }

  private synchronized void end() {
    closed = true;
    holder.get().map(ServedModel::engine).ifPresent(engine -> engine.close());
  }
}
