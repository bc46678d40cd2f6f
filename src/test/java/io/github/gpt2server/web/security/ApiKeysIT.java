package io.github.gpt2server.web.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.TestServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Who may call what with keys, over real sockets. */
@ExtendWith(OutputCaptureExtension.class)
class ApiKeysIT {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer("--gpt2.api-keys=first,second");
    server.engine().serve();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/completions",
        "/v1/models/x",
        "/v1",
        "/v1/nothing",
        "/nothing",
        "/error",
        "/tokenize",
        "/detokenize",
        "/tokenizer_info",
        "/%761/completions",
        "/health/x",
        "/index.htm",
        "/metrics",
        "/actuator",
        "/actuator/prometheus",
        "/actuator/info",
        "/actuator/env",
        "/actuator/healthy",
        "/v3/api-docs",
        "/swagger-ui.html",
        "/swagger-ui/index.html"
      })
  void asksForAKey(String path) throws Exception {
    HttpResponse<String> response = server.get(path);

    assertRefused(
        response, "No API key was given: send it in the header 'Authorization: Bearer KEY'.");
    assertThat(response.headers().allValues("WWW-Authenticate")).containsExactly("Bearer");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1;a=b/completions",
        "/health;/../v1/completions",
        "//v1/completions",
        "/./v1/completions",
        "/health/../v1/completions",
        "/health/%2e%2e/v1/completions"
      })
  void refusesPathsWithMoreThanOneReading(String path) throws Exception {
    HttpResponse<String> response = server.get(path);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.body()).startsWith("{\"error\":{\"message\":\"The path is ambiguous:");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/health",
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness"
      })
  void leavesHealthAndThePageOpen(String path) throws Exception {
    assertThat(server.get(path).statusCode()).isEqualTo(200);
    assertThat(server.get(path, "Authorization", "Bearer wrong").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Bearer wrong", "Bearer ", "Bearer firs", "Bearer first,second", "Bearer First"})
  void refusesWrongKeys(String authorization) throws Exception {
    assertRefused(
        server.get("/v1/completions", "Authorization", authorization),
        authorization.equals("Bearer ")
            ? "No API key was given: send it in the header 'Authorization: Bearer KEY'."
            : "The API key is unknown to this server.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"first", "Token first", "Digest first", "Bearerfirst"})
  void takesNoOtherScheme(String authorization) throws Exception {
    assertRefused(
        server.get("/v1/completions", "Authorization", authorization),
        "No API key was given: send it in the header 'Authorization: Bearer KEY'.");
  }

  @ParameterizedTest
  @CsvSource({
    "Authorization, Bearer first",
    "Authorization, Bearer second",
    "authorization, bearer first",
    "Authorization, Bearer  first",
    "api-key, first",
    "x-api-key, second"
  })
  void letsTheRightKeysPass(String header, String value) throws Exception {
    HttpResponse<String> response = server.get("/v1/completions", header, value);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("text");
    assertThat(server.get("/metrics", header, value).statusCode()).isEqualTo(200);
    assertThat(server.get("/v3/api-docs", header, value).statusCode()).isEqualTo(200);
  }

  @Test
  void refusesDifferentKeysInOneRequest() throws Exception {
    String sentence =
        "The request has different API keys in its headers: send one, in 'Authorization: Bearer"
            + " KEY'.";

    assertRefused(
        server.get(
            "/v1/completions", "Authorization", "Bearer first", "Authorization", "Bearer wrong"),
        sentence);
    assertRefused(
        server.get("/v1/completions", "Authorization", "Bearer wrong", "api-key", "first"),
        sentence);
    assertThat(
            server
                .get("/v1/completions", "Authorization", "Bearer first", "api-key", "first")
                .statusCode())
        .isEqualTo(200);
    assertThat(
            server
                .get("/v1/completions", "Authorization", "Basic eDp5", "x-api-key", "first")
                .statusCode())
        .as("the password y counts for this GET")
        .isEqualTo(401);
  }

  @Test
  void aHeaderTooLargeIsRefusedByTheWebServer() throws Exception {
    HttpResponse<String> response =
        server.get("/v1/completions", "Authorization", "Bearer " + "k".repeat(20_000));

    assertThat(response.statusCode()).isEqualTo(400);
    assertRefused(
        server.get("/v1/completions", "Authorization", "Bearer " + "k".repeat(10_000)),
        "The API key is unknown to this server.");
  }

  /** A browser can be asked for a name and a password only, and sends them along by itself. */
  @Test
  void aBrowserMayGiveTheKeyAsPasswordToReadPages() throws Exception {
    String basic =
        "Basic " + Base64.getEncoder().encodeToString("me:first".getBytes(StandardCharsets.UTF_8));
    String page = "text/html,application/xhtml+xml,*/*;q=0.8";

    assertThat(
            server.get("/swagger-ui.html", "Accept", page).headers().allValues("WWW-Authenticate"))
        .containsExactly("Bearer", "Basic realm=\"the API key as password\"");
    assertThat(server.get("/v3/api-docs", "Authorization", basic).statusCode()).isEqualTo(200);
    assertThat(server.send("POST", "/v1/completions", "Authorization", basic).statusCode())
        .isEqualTo(401);
    assertThat(server.get("/metrics", "Authorization", "Basic Zmlyc3Q=").statusCode())
        .isEqualTo(401);
    assertThat(server.get("/metrics", "Authorization", "Basic !").statusCode()).isEqualTo(401);
  }

  @Test
  void keepsNoSessionAndSpeaksOfNoPassword(CapturedOutput output) throws Exception {
    assertThat(
            server.get("/v1/completions", "Authorization", "Bearer first").headers().map().keySet())
        .doesNotContain("set-cookie");
    assertThat(server.get("/login").statusCode()).isEqualTo(401);
    assertThat(server.send("POST", "/logout").statusCode()).isEqualTo(401);
    try (TestServer another = new TestServer("--gpt2.api-keys=sesame-of-the-log")) {
      another.get("/v1/completions", "Authorization", "Bearer sesame-of-the-log");
      another.get("/v1/completions", "Authorization", "Bearer sesame-of-the-thief");
    }
    assertThat(output.getAll()).doesNotContain("password", "sesame");
  }

  @Test
  void showsNoKeyWhereTheSettingsAreShown() throws Exception {
    try (TestServer open =
        new TestServer(
            "--gpt2.api-keys=sesame",
            "--management.endpoints.web.exposure.include=*",
            "--management.endpoint.env.show-values=always",
            "--management.endpoint.configprops.show-values=always")) {
      for (String path : new String[] {"/actuator/env", "/actuator/configprops"}) {
        HttpResponse<String> response = open.get(path, "api-key", "sesame");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("max").doesNotContain("sesame");
      }
    }
  }

  @Test
  void letsEverybodyInWithoutKeys() throws Exception {
    try (TestServer open = new TestServer()) {
      open.engine().serve();

      for (String path : new String[] {"/v1/completions", "/metrics", "/v3/api-docs"}) {
        assertThat(open.get(path).statusCode()).isEqualTo(200);
        assertThat(open.get(path, "Authorization", "Bearer whatever").statusCode()).isEqualTo(200);
      }
      assertThat(open.send("POST", "/v1/completions").body()).isEqualTo("text");
    }
  }

  private static void assertRefused(HttpResponse<String> response, String sentence) {
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.body())
        .isEqualTo(
            "{\"error\":{\"message\":\"%s\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}"
                .formatted(sentence));
  }
}
