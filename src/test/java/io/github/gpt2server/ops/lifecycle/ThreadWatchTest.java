package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;

/** When a thread counts as lost, with a Tomcat whose connector is stopped under it. */
class ThreadWatchTest {
  private final List<String> lost = new ArrayList<>();
  private final Engine engine = new Engine();
  private final ServerState state = new ServerState(engine);
  private final ThreadWatch watch = new ThreadWatch(lost::add);
  private TomcatWebServer server;

  /** Alive, dead, or not yet there. */
  private static final class Engine implements EngineControl {
    private Boolean alive;

    @Override
    public Optional<EngineStatus> status() {
      return Optional.ofNullable(alive)
          .map(is -> new EngineStatus(0, 0, 4, 0, PrefixCacheStatus.UNUSED, is, is));
    }

    @Override
    public void stopAccepting() {}

    @Override
    public boolean awaitIdle(Duration limit) {
      return true;
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void start() {
    server = (TomcatWebServer) new TomcatServletWebServerFactory(0).getWebServer();
    server.start();
    watch.watch(engine, state);
    watch.add(server);
  }

  @AfterEach
  void stop() {
    server.destroy();
  }

  @Test
  void nothingIsLostWhileAllThreadsAreThere() {
    watch.look();
    engine.alive = true;
    watch.look();
    watch.look();

    assertThat(lost).isEmpty();
  }

  @Test
  void anEngineThatIsDeadAtTwoLooksIsLost() {
    engine.alive = false;
    watch.look();
    assertThat(lost).isEmpty();

    watch.look();

    assertThat(lost).contains("gpt2-engine");
  }

  @Test
  void aConnectorThatAcceptsNothingAnyMoreIsLost() throws Exception {
    engine.alive = true;
    server.getTomcat().getConnector().stop();

    await()
        .untilAsserted(
            () -> {
              watch.look();
              assertThat(lost).isNotEmpty();
            });
    assertThat(lost).allMatch(name -> name.matches("http-nio-auto-.*-(Acceptor|Poller)"));
  }

  @Test
  void nothingIsLostOnceTheServerStops() throws Exception {
    engine.alive = false;
    state.stop();
    server.getTomcat().getConnector().stop();

    watch.look();
    watch.look();

    assertThat(lost).isEmpty();
  }
}
