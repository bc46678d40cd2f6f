package io.github.gpt2server.ops;

import io.github.gpt2server.engine.ServedModel;
import io.github.gpt2server.engine.ServedModelHolder;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;

/**
 * Loads the model once the web server answers, and says so on one line. Runs on the main thread, so
 * that a failure ends the start-up with its sentence; Spring reports readiness only after it.
 */
public final class ModelStartup implements ApplicationRunner {
  private final ModelLoader loader;
  private final ServedModelHolder holder;
  private final ServerState state;
  private final StartupLine line;

  /** Puts what {@code loader} gives into {@code holder}. */
  public ModelStartup(
      ModelLoader loader, ServedModelHolder holder, ServerState state, StartupLine line) {
    this.loader = loader;
    this.holder = holder;
    this.state = state;
    this.line = line;
  }

  @Override
  public void run(ApplicationArguments arguments) throws Exception {
    if (!state.beginLoading()) {
      throw new StoppedWhileLoadingException();
    }
    final LoadedModel loaded;
    try {
      loaded = loader.load();
      holder.set(loaded.served());
    } finally {
      state.endLoading();
    }
    if (state.isStopping()) {
      throw new StoppedWhileLoadingException();
    }
    final ServedModel served = loaded.served();
    line.print(
        new StartupFacts(
            served.id(),
            served.parameters(),
            loaded.dtypeReason().isEmpty()
                ? served.dtype()
                : served.dtype() + " because " + loaded.dtypeReason(),
            served.device(),
            loaded.threads(),
            loaded.kvCacheBytes(),
            loaded.draftModel()));
  }
}
