package io.github.gpt2server.web.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole server with a key: what is closed, and what browsers are told of everything. */
@OwnServer("--gpt2.api-keys=sesame")
class AccessIT {
  private static final String KEY = "Authorization: Bearer sesame\r\n";

  /** What the OpenAPI document describes and needs no key. */
  private static final Set<String> OPEN = Set.of("/health");

  private static LiveServer server;

  @Test
  void everyEndpointOfTheDocumentIsClosedWithoutAKey() throws IOException {
    JsonNode paths = JsonMapper.shared().readTree(get("/v3/api-docs", KEY).body()).get("paths");
    assertThat(paths.propertyNames()).contains("/v1/completions", "/v1/models/{id}", "/tokenize");

    for (String path : paths.propertyNames()) {
      for (String method : paths.get(path).propertyNames()) {
        String target = path.replace("{id}", "gpt2-fairytales");
        for (String header : List.of("", "Authorization: Bearer wrong\r\n")) {
          RawHttp.Answer answer = send(method, target, header);

          assertThat(answer.status()).as(path).isEqualTo(OPEN.contains(path) ? 200 : 401);
        }
        assertThat(send(method, target, KEY).status()).as(path).isNotIn(401, 403, 404);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/completions",
        "/openai/v1/completions",
        "/openai/deployments/gpt2-fairytales/completions?api-version=2024-10-21"
      })
  void aCompletionNeedsTheKey(String path) throws IOException {
    String post = RawHttp.post(path, "{\"max_tokens\": 2}");
    try (RawHttp http = server.connect()) {
      RawHttp.Answer refused = http.send(post).answer();
      RawHttp.Answer answered = http.send(post.replace("Host:", KEY + "Host:")).answer();

      assertThat(refused.status()).isEqualTo(401);
      assertThat(answered.status()).isEqualTo(200);
      assertThat(JsonMapper.shared().readTree(answered.body()).get("choices")).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / ",
        "GET /app.js ",
        "GET /swagger-ui/index.html ",
        "GET /v1/models ",
        "GET /health ",
        "GET /nothing ",
        "BREW / "
      })
  void everyAnswerTellsBrowsersToBeStrict(String request) throws IOException {
    for (String header : List.of(KEY, "")) {
      Map<String, String> headers =
          exchange(request + "HTTP/1.1\r\nHost: test\r\n" + header + "\r\n").headers();

      assertThat(headers)
          .containsEntry("x-content-type-options", "nosniff")
          .containsEntry("x-frame-options", "DENY")
          .containsEntry("referrer-policy", "no-referrer")
          .hasEntrySatisfying(
              "content-security-policy",
              policy ->
                  assertThat(policy)
                      .startsWith(
                          "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-")
                      .contains("frame-ancestors 'none'")
                      .doesNotContain("unsafe"))
          .doesNotContainKeys("server", "set-cookie", "x-powered-by");
    }
  }

  /** These do not get as far as to anything that could be shown. */
  @ParameterizedTest
  @ValueSource(strings = {"GET //v1", "GET /v1/models/%zz", "GET /<script>"})
  void whatIsRefusedBeforeItIsReadIsNotShownEither(String request) throws IOException {
    Map<String, String> headers = exchange(request + " HTTP/1.1\r\nHost: test\r\n\r\n").headers();

    assertThat(headers)
        .containsEntry("content-type", "application/json")
        .containsEntry("x-content-type-options", "nosniff");
    assertThat(headers.get("content-security-policy")).startsWith("default-src 'none';");
  }

  @Test
  void aStreamHasTheHeadersToo() throws IOException {
    String post = RawHttp.post("/v1/completions", "{\"max_tokens\": 2, \"stream\": true}");
    Map<String, String> headers = exchange(post.replace("Host:", KEY + "Host:")).headers();

    assertThat(headers)
        .containsEntry("content-type", "text/event-stream;charset=UTF-8")
        .containsEntry("x-content-type-options", "nosniff")
        .containsEntry("cache-control", "no-cache");
  }

  private static RawHttp.Answer send(String method, String path, String header) throws IOException {
    String post = RawHttp.post(path, "{}").substring("POST".length());
    return exchange(
        method.toUpperCase(Locale.ROOT)
            + (method.equals("post") ? post : post.replaceFirst("(?s)Content-Type.*", "\r\n"))
                .replace("Host:", header + "Host:"));
  }

  private static RawHttp.Answer get(String path, String header) throws IOException {
    return exchange("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + header + "\r\n");
  }

  private static RawHttp.Answer exchange(String request) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send(request).answer();
    }
  }
}
