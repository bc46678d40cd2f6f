package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.testing.FakeEngine;
import io.github.gpt2server.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ShutdownIT {

  @Test
  void refusesNewRequestsWhileTheOldOnesGoOnThenStopsTheWebServer() throws Exception {
    try (TestServer server = new TestServer()) {
      FakeEngine engine = server.engine();
      engine.report(new EngineStatus(0, 1, 4, 0.5, PrefixCacheStatus.UNUSED, true, true));
      assertThat(server.get("/v1/completions").statusCode()).isEqualTo(200);

      Thread shutdown = new Thread(server::terminate);
      shutdown.start();
      await().until(() -> engine.calls().contains("awaitIdle"));

      assertThat(server.get("/actuator/health/readiness").statusCode()).isEqualTo(503);
      assertThat(server.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
      assertThat(server.get("/health").body()).contains("\"status\":\"STOPPING\"");
      assertThat(server.get("/v1/completions").statusCode()).isEqualTo(503);
      assertThat(engine.calls()).containsExactly("stopAccepting", "awaitIdle");

      engine.becomeIdle();
      shutdown.join(Duration.ofSeconds(20).toMillis());

      assertThat(shutdown.isAlive()).isFalse();
      assertThat(engine.calls()).containsExactly("stopAccepting", "awaitIdle", "close");
      assertThatThrownBy(() -> server.get("/health")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void closesTheEngineWhenTheGraceIsOver() {
    try (TestServer server = new TestServer("--gpt2.shutdown-grace=300ms")) {
      FakeEngine engine = server.engine();
      engine.report(new EngineStatus(0, 1, 4, 0.5, PrefixCacheStatus.UNUSED, true, true));

      long start = System.nanoTime();
      server.terminate();
      Duration took = Duration.ofNanos(System.nanoTime() - start);

      assertThat(engine.calls()).containsExactly("stopAccepting", "awaitIdle", "close");
      assertThat(took).isBetween(Duration.ofMillis(300), Duration.ofSeconds(10));
    }
  }

  @Test
  void stopsWhileTheModelLoads() {
    try (TestServer server = new TestServer()) {
      server.engine().becomeIdle();
      server.terminate();

      assertThat(server.engine().calls()).endsWith("close");
    }
  }
}
