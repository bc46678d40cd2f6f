package io.github.gpt2server.web.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.web.security.AccessControl;
import io.github.gpt2server.web.security.ApiKeys;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Errors that need no model: each is the envelope, none says more than it should. */
@SpringBootTest(
    classes = HttpErrorsIT.Application.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@OneCore
class HttpErrorsIT {
  @LocalServerPort private int port;

  @Test
  void aLoadingModelIs503WithRetryAfter() throws IOException {
    RawHttp.Answer answer = exchange(RawHttp.post("/v1/completions", "{}"));

    assertError(answer, 503, "model_loading", null);
    assertThat(answer.headers()).containsEntry("retry-after", "5");
  }

  @Test
  void anUnknownPathIs404() throws IOException {
    RawHttp.Answer answer = exchange("GET /v1/chat HTTP/1.1\r\nHost: test\r\n\r\n");

    assertError(answer, 404, "not_found", null);
    assertThat(answer.body()).contains("There is nothing at GET /v1/chat;");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POST /chat/completions|use POST /v1/chat/completions.
          POST /v1/v1/chat/completions|use POST /v1/chat/completions.
          POST /v1/responses|use POST /v1/chat/completions with messages.
          POST /v1/v1/embeddings|the client's base URL must not have /v1, which it adds itself: use POST /v1/embeddings.
          POST /completions|the client's base URL lacks /v1: use POST /v1/completions.
          POST /embeddings|the client's base URL lacks /v1: use POST /v1/embeddings.
          GET /models|the client's base URL lacks /v1: use GET /v1/models.
          POST /V1/Completions|use POST /v1/completions.
          POST /v1/completion|use POST /v1/completions with a prompt.
          POST /v1/embedings|use POST /v1/embeddings if that is meant.
          POST /api/generate|use POST /v1/completions with a prompt.
          POST /api/chat|use POST /v1/chat/completions with messages.
          GET /api/tags|use GET /v1/models.
          POST /v1/token/encode|use POST /v1/tokenize, whose answer has their count.
          POST /v1/internal/token-count|use POST /v1/tokenize, whose answer has their count.
          POST /v1/moderations|see /v3/api-docs for what there is.
          """)
  void anUnknownPathSaysWhatToUse(String asked, String advice) throws IOException {
    RawHttp.Answer answer =
        exchange(asked + " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");

    assertError(answer, 404, "not_found", null);
    assertThat(JsonMapper.shared().readTree(answer.body()).at("/error/message").stringValue())
        .isEqualTo("There is nothing at " + asked + "; " + advice);
  }

  @Test
  void aWrongMethodIs405WithAllow() throws IOException {
    RawHttp.Answer answer = exchange("GET /v1/completions HTTP/1.1\r\nHost: test\r\n\r\n");

    assertError(answer, 405, "method_not_allowed", null);
    assertThat(answer.headers()).containsEntry("allow", "POST");
    assertThat(answer.body())
        .contains("GET /v1/completions is not supported; this path takes POST.");
  }

  @Test
  void anUnknownMethodIs405() throws IOException {
    assertError(
        exchange("BREW /v1/completions HTTP/1.1\r\nHost: test\r\n\r\n"),
        405,
        "method_not_allowed",
        null);
  }

  @Test
  void anAcceptHeaderThatCannotBeMetIs406() throws IOException {
    assertError(
        exchange("GET /answer HTTP/1.1\r\nHost: test\r\nAccept: image/png\r\n\r\n"),
        406,
        "not_acceptable",
        null);
  }

  @ParameterizedTest
  @CsvSource({
    "Content-Type: text/plain, The Content-Type 'text/plain' is not supported",
    "Content-Type: application/x-www-form-urlencoded, is not supported",
    "Content-Type: nonsense, The Content-Type 'nonsense' is not supported",
    "Content-Type: application/json;charset=nonsense, Content-Type",
    "X-Nothing: here, The Content-Type is missing; send 'Content-Type: application/json'."
  })
  void anotherContentTypeIs415(String header, String message) throws IOException {
    RawHttp.Answer answer =
        exchange(
            "POST /v1/completions HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n"
                + header
                + "\r\n\r\n{}");

    assertError(answer, 415, "unsupported_media_type", null);
    assertThat(answer.body()).contains(message);
  }

  @Test
  void twoContentTypesInOneAreShownAsTheyCame() throws IOException {
    String type = "Content-Type: application/json";
    RawHttp.Answer answer =
        exchange(RawHttp.post("/v1/completions", "{}").replace(type, type + ", application/json"));

    assertError(answer, 415, "unsupported_media_type", null);
    assertThat(answer.body())
        .contains(
            "The Content-Type 'application/json, application/json' is not supported; send"
                + " 'Content-Type: application/json'.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "deflate", "gzip, identity"})
  void aCompressedBodyIs415ThatNamesTheEncoding(String encoding) throws IOException {
    RawHttp.Answer answer =
        exchange(
            RawHttp.post("/v1/completions", "\u001f\u008b")
                .replace("Host:", "Content-Encoding: " + encoding + "\r\nHost:"));

    assertError(answer, 415, "unsupported_media_type", null);
    assertThat(answer.headers()).containsEntry("accept-encoding", "identity");
    assertThat(answer.body())
        .contains(
            "The body has the Content-Encoding '"
                + encoding
                + "', but is read only as it is: send it uncompressed, without Content-Encoding.");
  }

  @Test
  void anIdenticalBodyIsNotCompressed() throws IOException {
    assertError(
        exchange(
            RawHttp.post("/v1/completions", "{}")
                .replace("Host:", "Content-Encoding: identity\r\nHost:")),
        503,
        "model_loading",
        null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\uFEFF"})
  void anEmptyBodySaysSo(String body) throws IOException {
    for (String path : new String[] {"/v1/completions", "/v1/score", "/v1/tokenize"}) {
      RawHttp.Answer answer = exchange(RawHttp.post(path, body));

      assertError(answer, 400, null, null);
      assertThat(answer.body()).contains("The body is empty; send a JSON object.");
    }
    assertThat(exchange(chunked()).body()).contains("The body is empty; send a JSON object.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "TRACE", "PUT", "BREW"})
  void theMethodOfTheRequestIsNamed(String method) throws IOException {
    RawHttp.Answer answer =
        exchange(method + " / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");

    assertThat(answer.status()).as(answer.body()).isIn(404, 405);
    assertThat(answer.body()).contains(method + " /").doesNotContain("GET");
  }

  @Test
  void aSlashAtTheEndOfAPathIsAsNone() throws IOException {
    assertError(exchange(RawHttp.post("/v1/completions/", "{}")), 503, "model_loading", null);
    RawHttp.Answer answer = exchange("GET /answer/?a=b/ HTTP/1.1\r\nHost: test\r\n\r\n");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(exchange("GET /v1/chat/ HTTP/1.1\r\nHost: test\r\n\r\n").body())
        .contains("There is nothing at GET /v1/chat");
  }

  @Test
  void severalSlashesInARowAreRefusedWithTheReason() throws IOException {
    RawHttp.Answer answer = exchange(RawHttp.post("//v1/completions", "{}"));

    assertError(answer, 400, null, null);
    assertThat(answer.body()).contains("The path is ambiguous: send it without");
  }

  @Test
  void moderateAnswersHaveALengthAndKeepTheConnection() throws IOException {
    try (RawHttp http = new RawHttp(port)) {
      for (int i = 0; i < 3; i++) {
        RawHttp.Answer answer = http.send("GET /answer HTTP/1.1\r\nHost: test\r\n\r\n").answer();
        assertThat(answer.body()).isEqualTo("{\"error\":null}");
        assertThat(answer.headers())
            .containsEntry("content-length", "14")
            .doesNotContainKeys("transfer-encoding", "connection");
        assertThat(http.send("GET /no HTTP/1.1\r\nHost: test\r\n\r\n").answer().headers())
            .containsKey("content-length");
      }
    }
  }

  @Test
  void largeAnswersComeInChunks() throws IOException {
    RawHttp.Answer answer = exchange("GET /numbers/20000 HTTP/1.1\r\nHost: test\r\n\r\n");

    assertThat(answer.headers())
        .containsEntry("transfer-encoding", "chunked")
        .doesNotContainKey("content-length");
    assertThat(JsonMapper.shared().readTree(answer.body()))
        .hasSize(20_000)
        .allMatch(number -> number.doubleValue() == 0.125);
  }

  @Test
  void anAnswerThatIsNoNumberIsAnError() throws IOException {
    RawHttp.Answer answer = exchange("GET /not-a-number HTTP/1.1\r\nHost: test\r\n\r\n");

    assertError(answer, 500, "model_output_invalid", null);
    assertThat(answer.body()).contains("The model's logits are not numbers");
    assertThat(answer.headers()).containsEntry("x-should-retry", "false");
  }

  @Test
  void aBodyThatSaysItIsTooLargeIs413() throws IOException {
    String body = "{\"prompt\":\"" + "x".repeat(1000) + "\"}";

    assertError(exchange(RawHttp.post("/v1/completions", body)), 413, "body_too_large", null);
  }

  @Test
  void aChunkedBodyThatGrowsTooLargeIs413() throws IOException {
    String spaces = " ".repeat(300);
    RawHttp.Answer answer = exchange(chunked(spaces, spaces, spaces, spaces));

    assertError(answer, 413, "body_too_large", null);
    assertThat(answer.body()).contains("the limit of 1000 bytes");
  }

  @Test
  void aChunkedBodyIsReadLikeAnyOther() throws IOException {
    RawHttp.Answer answer = exchange(chunked("{\"n\":t", "rue}"));

    assertError(answer, 400, null, "n");
  }

  @Test
  void anotherCharsetIs400() throws IOException {
    RawHttp.Answer answer =
        exchange(
            "POST /v1/completions HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n"
                + "Content-Type: application/json; charset=latin1\r\n\r\n{}");

    assertError(answer, 400, null, null);
    assertThat(answer.body()).contains("must be UTF-8, but its Content-Type says ISO-8859-1");
  }

  @ParameterizedTest
  @CsvSource({
    "GET /%zz HTTP/1.1, 400",
    "GET /v1/models/%ff%fe HTTP/1.1, 400",
    "GET /<script> HTTP/1.1, 400",
    "GET /..%2f..%2fetc/passwd HTTP/1.1, 404",
    "NONSENSE, 400",
    "GET / HTTP/7.0, 505"
  })
  void whatIsNoRequestGetsTheEnvelopeToo(String requestLine, int status) throws IOException {
    RawHttp.Answer answer = exchange(requestLine + "\r\nHost: test\r\n\r\n");

    assertThat(answer.body()).doesNotContain("<html", "Exception", "org.apache");
    assertThat(answer.status()).isEqualTo(status);
    assertThat(JsonMapper.shared().readTree(answer.body()).at("/error/message").stringValue())
        .isNotBlank();
  }

  @Test
  void anOverlongHeaderGetsTheEnvelope() throws IOException {
    RawHttp.Answer answer =
        exchange("GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + "x".repeat(20_000) + "\r\n\r\n");

    assertError(answer, 431, null, null);
    assertThat(answer.body()).contains("The path or the headers are too long.");
  }

  @Test
  void whatTheActuatorDoesNotKnowIs404() throws IOException {
    for (String path : new String[] {"/actuator/health/unknown", "/actuator/unknown"}) {
      RawHttp.Answer answer = exchange("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");

      assertError(answer, 404, "not_found", null);
      assertThat(answer.body()).contains("There is nothing at GET " + path + ";");
    }
  }

  @Test
  void aBugIs500WithoutDetails() throws IOException {
    RawHttp.Answer answer = exchange("GET /bug HTTP/1.1\r\nHost: test\r\n\r\n");

    assertError(answer, 500, "internal_error", null);
    assertThat(answer.headers()).containsEntry("x-should-retry", "false");
    assertThat(answer.body())
        .contains("its log says more under " + answer.headers().get("x-request-id") + ".");
    assertThat(answer.body()).doesNotContain("secret", "Exception");
  }

  @Test
  void aFullHeapIs503() throws IOException {
    RawHttp.Answer answer = exchange("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");

    assertError(answer, 503, "out_of_memory", null);
    assertThat(answer.headers()).containsEntry("retry-after", "5");
    assertThat(answer.body())
        .contains("The server does not have enough memory left to answer this");
  }

  private static String chunked(String... chunks) {
    StringBuilder request =
        new StringBuilder(
            RawHttp.post("/v1/completions", "")
                .replace("Content-Length: 0", "Transfer-Encoding: chunked"));
    for (String chunk : chunks) {
      request.append(Integer.toHexString(chunk.length())).append("\r\n");
      request.append(chunk).append("\r\n");
    }
    return request.append("0\r\n\r\n").toString();
  }

  private RawHttp.Answer exchange(String request) throws IOException {
    try (RawHttp http = new RawHttp(port)) {
      return http.send(request).answer();
    }
  }

  private static void assertError(RawHttp.Answer answer, int status, String code, String param) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().get("content-type")).startsWith("application/json");
    JsonNode body = JsonMapper.shared().readTree(answer.body());
    assertThat(body.propertyNames()).containsExactly("error");
    JsonNode error = body.get("error");
    assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
    assertThat(error.get("message").stringValue()).isNotBlank();
    assertThat(error.get("code").isNull() ? null : error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("param").isNull() ? null : error.get("param").stringValue())
        .isEqualTo(param);
  }

  @EnableAutoConfiguration(exclude = UserDetailsServiceAutoConfiguration.class)
  @ComponentScan(
      value = {"io.github.gpt2server.api", "io.github.gpt2server.web"},
      // Endpoints of other tests lie in the packages too.
      excludeFilters =
          @ComponentScan.Filter(
              type = FilterType.REGEX,
              pattern = ".*\\.(?!HttpErrorsIT\\b)\\w+(Test|IT)\\b.*"))
  static class Application {

    @Bean
    ServedModelHolder holder() {
      return new ServedModelHolder();
    }

    @Bean
    SecurityFilterChain everybodyMayCall(HttpSecurity http) {
      return new AccessControl(new ApiKeys(List.of(), Optional.empty()), List.of()).chain(http);
    }

    @Bean
    HttpFirewall firewall() {
      return AccessControl.firewall();
    }

    @Bean
    RequestRejectedHandler rejectedRequests() {
      return AccessControl::reject;
    }

    @Bean
    ApiLimits limits() {
      return new ApiLimits(
          Duration.ofMinutes(1),
          0,
          false,
          1000,
          1000,
          128,
          MaxTokens.DEFAULT,
          MemoryBudget.UNLIMITED);
    }
  }

  @RestController
  static class Endpoints {

    @GetMapping("/bug")
    String bug() {
      throw new IllegalStateException("a secret");
    }

    @GetMapping("/large")
    String large() {
      throw new OutOfMemoryError("Java heap space");
    }

    @GetMapping("/not-a-number")
    double[] notANumber() {
      return new double[] {1, Double.NaN};
    }

    @GetMapping("/numbers/{count}")
    double[] numbers(@PathVariable("count") int count) {
      double[] numbers = new double[count];
      Arrays.fill(numbers, 0.125);
      return numbers;
    }

    @GetMapping("/answer")
    ErrorResponse answer() {
      return new ErrorResponse(null);
    }
  }
}
