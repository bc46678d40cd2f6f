package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;

/**
 * Loads the model while the web server starts, and says so on one line. Reading the weights leaves
 * a core to the web server; the first steps do not, and come after it: see {@link
 * ServerState#awaitWebServer}. {@link #run} is called on the main thread once the web server
 * answers, so that a failure ends the start-up with its sentence; Spring reports readiness only
 * after it.
 */
public final class ModelStartup implements ApplicationRunner {
  private final ModelLoader loader;
  private final ServedModelHolder holder;
  private final ServerState state;
  private final StartupLine line;
  private final FutureTask<LoadedModel> loading = new FutureTask<>(this::load);

  /** Puts what {@code loader} gives into {@code holder}. */
  public ModelStartup(
      ModelLoader loader, ServedModelHolder holder, ServerState state, StartupLine line) {
    this.loader = loader;
    this.holder = holder;
    this.state = state;
    this.line = line;
  }

  /** Begins to load, on a thread of its own. */
  public void begin() {
    new Thread(loading, "model-loading").start();
  }

  private LoadedModel load() throws Exception {
    if (!state.beginLoading()) {
      throw new StoppedWhileLoadingException();
    }
    try {
      LoadedModel loaded = loader.load();
      holder.set(loaded.served());
      return loaded;
    } finally {
      state.endLoading();
    }
  }

  @Override
  public void run(ApplicationArguments arguments) throws Exception {
    state.webServerAnswers();
    LoadedModel loaded;
    try {
      loaded = loading.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw (Error) e.getCause();
    }
    if (state.isStopping()) {
      throw new StoppedWhileLoadingException();
    }
    ServedModel served = loaded.served();
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
            served.kernels(),
            served.arithmeticError(),
            loaded.draftModel()));
  }
}
