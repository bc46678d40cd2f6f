package io.github.gpt2server.boot.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.TestServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What moves to a management port of its own, and who may see it there. */
class ManagementPortConfigurationIT {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(
            "--management.server.port=0",
            "--server.tomcat.threads.max=16",
            "--spring.threads.virtual.enabled=false",
            "--gpt2.api-keys=first",
            "--springdoc.use-management-port=true",
            "--management.endpoints.web.exposure.include=health,prometheus,info,env,openapi,swagger-ui");
    server.engine().serve();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/health",
        "/metrics",
        "/actuator",
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness",
        "/actuator/prometheus",
        "/actuator/info",
        "/actuator/openapi",
        "/actuator/swagger-ui/index.html"
      })
  void needsNoKeyThere(String path) throws Exception {
    assertThat(server.manage(path).statusCode()).isEqualTo(200);
  }

  @Test
  void tellsTheSameThere() throws Exception {
    assertThat(server.manage("/health").body()).isEqualTo("{\"status\":\"UP\"}");
    assertThat(server.manage("/metrics").body().lines())
        .contains("vllm:num_requests_running 0.0", "gpt2_ready 1.0");
    assertThat(server.manage("/actuator/openapi").body()).contains("\"/v1/completions\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/actuator/env", "/v1/completions", "/nothing", "/"})
  void whatElseIsThereNeedsAKey(String path) throws Exception {
    int status = server.manage(path).statusCode();
    assertThat(status).isEqualTo(path.equals("/") ? 404 : 401);
    assertThat(server.manage(path, "api-key", "first").statusCode())
        .isEqualTo(path.equals("/actuator/env") ? 200 : 404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/metrics",
        "/actuator/prometheus",
        "/v3/api-docs",
        "/swagger-ui.html",
        "/swagger-ui/index.html"
      })
  void isGoneFromTheMainPort(String path) throws Exception {
    assertThat(server.get(path).statusCode()).isEqualTo(401);
    assertThat(server.get(path, "api-key", "first").statusCode()).isEqualTo(404);
  }

  @Test
  void theMainPortStillTellsItsHealth() throws Exception {
    HttpResponse<String> health = server.get("/health");

    assertThat(health.statusCode()).isEqualTo(200);
    assertThat(server.get("/v1/completions").statusCode()).isEqualTo(401);
  }

  @Test
  void tomcatsOwnErrorsHaveTheEnvelopeThere() throws Exception {
    try (RawHttp http = server.connectToManagement()) {
      RawHttp.Answer answer = http.send("GET /%zz HTTP/1.1\r\nHost: test\r\n\r\n").answer();

      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers())
          .containsEntry("content-type", "application/json")
          .containsKey("x-request-id");
      assertThat(answer.body())
          .startsWith("{\"error\":{\"message\":\"")
          .endsWith("\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}");
    }
  }

  @Test
  void bodiesAreAwaitedOfFewThere() throws Exception {
    String unread = "GET /health HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n{";
    try (RawHttp first = server.connectToManagement().send(unread);
        RawHttp second = server.connectToManagement().send(unread)) {
      assertThat(first.answer().status()).isEqualTo(200);
      assertThat(second.answer().status()).isEqualTo(200);
      server.awaitManagementBodies(2);

      try (RawHttp third = server.connectToManagement().send(unread)) {
        assertThat(third.answer().status()).isEqualTo(200);
        assertThat(third.rest()).isEmpty();
      }
      first.send("    ");
      second.send("    ");
    }
    server.awaitManagementBodies(0);
  }
}
