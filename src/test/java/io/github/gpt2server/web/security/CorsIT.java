package io.github.gpt2server.web.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.TestServer;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which pages of other origins may call. */
class CorsIT {
  private static final String PAGE = "https://page.example";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer("--gpt2.api-keys=first,second", "--gpt2.cors-origins=" + PAGE);
    server.engine().serve();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void answersAPreflightWithoutAKey() throws Exception {
    HttpResponse<String> response =
        server.send(
            "OPTIONS",
            "/v1/completions",
            "Origin",
            PAGE,
            "Access-Control-Request-Method",
            "POST",
            "Access-Control-Request-Headers",
            "authorization,content-type");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).contains(PAGE);
    assertThat(response.headers().firstValue("Access-Control-Allow-Methods"))
        .contains("GET,HEAD,POST");
    assertThat(response.headers().firstValue("Access-Control-Allow-Headers"))
        .contains("authorization, content-type");
    assertThat(response.headers().firstValue("Access-Control-Max-Age")).contains("3600");
  }

  @Test
  void marksAnswersToAllowedOrigins() throws Exception {
    HttpResponse<String> answered =
        server.get("/v1/completions", "Origin", PAGE, "Authorization", "Bearer first");
    HttpResponse<String> refused = server.get("/v1/completions", "Origin", PAGE);

    assertThat(answered.statusCode()).isEqualTo(200);
    assertThat(answered.headers().firstValue("Access-Control-Allow-Origin")).contains(PAGE);
    assertThat(answered.headers().firstValue("Access-Control-Expose-Headers"))
        .contains(
            "Retry-After, WWW-Authenticate, X-Request-Id, x-ratelimit-limit-requests,"
                + " x-ratelimit-remaining-requests, x-ratelimit-reset-requests,"
                + " x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens,"
                + " x-ratelimit-reset-tokens");
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("Access-Control-Allow-Origin")).contains(PAGE);
  }

  @Test
  void refusesOtherOrigins() throws Exception {
    HttpResponse<String> response =
        server.get(
            "/v1/completions", "Origin", "https://x.example", "Authorization", "Bearer first");

    assertThat(response.statusCode()).isEqualTo(403);
    assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.body())
        .isEqualTo(
            "{\"error\":{\"message\":\"Pages of this web origin may not make this call:"
                + " gpt2.cors-origins lists those that may, with GET and POST.\","
                + "\"type\":\"invalid_request_error\",\"param\":null,"
                + "\"code\":\"origin_not_allowed\"}}");
  }

  @Test
  void letsEverybodyInWithoutKeysAndNoOtherOriginWithoutSettings() throws Exception {
    try (TestServer open = new TestServer()) {
      open.engine().serve();

      HttpResponse<String> response = open.get("/v1/completions", "Origin", PAGE);

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }
  }
}
