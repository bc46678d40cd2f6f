package io.github.gpt2server.ops.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.testing.TestServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthAndMetricsIT {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void load() {
    server.engine().report(null);
    server.state().loadingMessage("The model is still being loaded.");
  }

  @Test
  void isAliveButNotReadyWhileTheModelLoads() throws Exception {
    assertProbe("/actuator/health/liveness", 200, "{\"status\":\"UP\"}");
    assertReadiness(
        503,
        "DOWN",
        "{\"details\":{\"message\":\"The model is still being loaded.\"},\"status\":\"DOWN\"}");
    assertProbe(
        "/health",
        503,
        "{\"status\":\"LOADING\",\"error\":{\"message\":\"The model is still being loaded.\","
            + "\"type\":\"server_error\",\"param\":null,\"code\":\"model_loading\"}}");
  }

  @Test
  void isReadyWhenTheEngineTakesRequests() throws Exception {
    server.engine().serve();

    assertProbe("/actuator/health/liveness", 200, "{\"status\":\"UP\"}");
    assertReadiness(200, "UP", "{\"status\":\"UP\"}");
    assertProbe("/health", 200, "{\"status\":\"UP\"}");
  }

  @Test
  void isAliveButNotReadyWhileTheEngineStops() throws Exception {
    server.engine().report(new EngineStatus(0, 1, 4, 0.1, PrefixCacheStatus.UNUSED, true, false));

    assertProbe("/actuator/health/liveness", 200, "{\"status\":\"UP\"}");
    assertReadiness(503, "OUT_OF_SERVICE", "{\"status\":\"OUT_OF_SERVICE\"}");
    assertProbe(
        "/health",
        503,
        "{\"status\":\"STOPPING\",\"error\":{\"message\":\"The server is shutting down.\","
            + "\"type\":\"server_error\",\"param\":null,\"code\":\"shutting_down\"}}");
  }

  @Test
  void isDeadWhenTheEngineThreadHasDied() throws Exception {
    server.engine().report(new EngineStatus(0, 0, 4, 0, PrefixCacheStatus.UNUSED, false, false));

    assertProbe("/actuator/health/liveness", 503, "{\"status\":\"DOWN\"}");
    assertReadiness(503, "DOWN", "{\"status\":\"DOWN\"}");
    assertProbe(
        "/health",
        503,
        "{\"status\":\"DEAD\",\"error\":{\"message\":\"The engine has stopped on an error; restart"
            + " the server.\",\"type\":\"server_error\",\"param\":null,\"code\":\"engine_dead\"}}");
  }

  @Test
  void metricsAreZeroWhileTheModelLoads() throws Exception {
    assertThat(server.get("/metrics").body().lines())
        .contains(
            "# TYPE vllm:num_requests_waiting gauge",
            "vllm:num_requests_waiting 0.0",
            "vllm:num_requests_running 0.0",
            "vllm:kv_cache_usage_perc 0.0",
            "gpt2_requests_waiting 0.0",
            "gpt2_sequences_running 0.0",
            "gpt2_kv_cache_usage_ratio 0.0",
            "gpt2_ready 0.0");
  }

  @Test
  void metricsFollowTheEngine() throws Exception {
    server.engine().report(new EngineStatus(3, 2, 4, 0.25, PrefixCacheStatus.UNUSED, true, true));

    for (String path : new String[] {"/metrics", "/actuator/prometheus"}) {
      HttpResponse<String> response = server.get(path);

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type"))
          .contains("text/plain;version=0.0.4;charset=utf-8");
      assertThat(response.body().lines())
          .contains(
              "# HELP vllm:num_requests_waiting Requests waiting in the queue",
              "vllm:num_requests_waiting 3.0",
              "vllm:num_requests_running 2.0",
              "vllm:kv_cache_usage_perc 0.25",
              "gpt2_requests_waiting 3.0",
              "gpt2_sequences_running 2.0",
              "gpt2_kv_cache_usage_ratio 0.25",
              "gpt2_ready 1.0");
    }
  }

  @Test
  void metricsComeAsTextWhateverIsAccepted() throws Exception {
    HttpResponse<String> response =
        server.get(
            "/metrics",
            "Accept",
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain;");
  }

  @Test
  void showsNoMoreOfTheActuatorThanIsMeant() throws Exception {
    assertThat(server.get("/actuator/env").statusCode()).isEqualTo(404);
    assertThat(server.get("/actuator/info").statusCode()).isEqualTo(200);
    assertThat(server.get("/v3/api-docs").statusCode()).isEqualTo(200);
  }

  @Test
  void tellsHowFarADownloadIs() throws Exception {
    server.state().loadingMessage("org/name is being downloaded: 1.2 of 3.4 MB (35 %).");

    assertThat(server.get("/actuator/health/readiness").body())
        .contains("\"message\":\"org/name is being downloaded: 1.2 of 3.4 MB (35 %).\"");
    assertThat(server.get("/health").body())
        .contains("\"message\":\"org/name is being downloaded: 1.2 of 3.4 MB (35 %).\"");
  }

  private static void assertReadiness(int code, String status, String model) throws Exception {
    assertProbe(
        "/actuator/health/readiness",
        code,
        "{\"components\":{\"model\":%s,\"readinessState\":{\"status\":\"UP\"}},\"status\":\"%s\"}"
            .formatted(model, status));
  }

  private static void assertProbe(String path, int status, String body) throws Exception {
    HttpResponse<String> response = server.get(path);
    assertThat(response.body()).isEqualTo(body);
    assertThat(response.statusCode()).isEqualTo(status);
  }
}
