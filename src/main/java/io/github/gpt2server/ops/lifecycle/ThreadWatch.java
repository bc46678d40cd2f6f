package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.web.tomcat.TomcatThreads;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationListener;

/**
 * Looks every two seconds whether the threads are there without which nothing is answered: the
 * engine's, and those with which Tomcat accepts connections and waits for requests on each port. A
 * thread may end without a word, for instance if the memory for one is missing, too. One that is
 * gone at two looks, so that clients get the last events of their streams, ends the process.
 */
public final class ThreadWatch implements ApplicationListener<WebServerInitializedEvent> {
  static final String ENGINE = "gpt2-engine";

  private static final long PERIOD_MILLIS = 2000;

  private final Consumer<String> onLoss;
  private final List<Thread> needed = new CopyOnWriteArrayList<>();
  private EngineControl engine;
  private ServerState state;
  private boolean engineSeen;
  private String missing;

  /** Ends the process if a thread is lost. */
  public ThreadWatch() {
    this(ProcessEnd::lost);
  }

  /** Calls {@code onLoss} with the name of a thread that is lost. */
  ThreadWatch(Consumer<String> onLoss) {
    this.onLoss = onLoss;
  }

  /** A port is open, the first of them or that of management. */
  @Override
  public void onApplicationEvent(WebServerInitializedEvent event) {
    if (event.getWebServer() instanceof TomcatWebServer tomcat) {
      add(tomcat);
    }
    if (engine == null) {
      watch(
          event.getApplicationContext().getBean(EngineControl.class),
          event.getApplicationContext().getBean(ServerState.class));
      Thread watch = new Thread(this::run, "thread-watch");
      watch.setDaemon(true);
      watch.start();
    }
  }

  /** Watches the threads of a web server that has started. */
  void add(TomcatWebServer server) {
    needed.addAll(TomcatThreads.of(server));
  }

  /** Watches the engine's thread as long as the server should be up. */
  void watch(EngineControl watched, ServerState itsState) {
    engine = watched;
    state = itsState;
  }

  private void run() {
    while (true) {
      try {
        Thread.sleep(PERIOD_MILLIS);
        look();
      } catch (InterruptedException e) {
        return;
      } catch (OutOfMemoryError e) {
        // The next look needs less, or finds out.
        Thread.onSpinWait();
      }
    }
  }

  /** Looks once; a thread that was missing the last time, too, is lost. */
  void look() {
    String now = state.isStopping() ? null : missing();
    if (now != null && now.equals(missing)) {
      onLoss.accept(now);
    }
    missing = now;
  }

  private String missing() {
    for (Thread thread : needed) {
      if (!thread.isAlive()) {
        return thread.getName();
      }
    }
    EngineStatus status = engine.status().orElse(null);
    if (status != null && !engineSeen) {
      engineSeen = true;
      // libtorch is loaded now.
      ProcessEnd.useKernel();
    }
    return status == null || status.alive() ? null : ENGINE;
  }
}
