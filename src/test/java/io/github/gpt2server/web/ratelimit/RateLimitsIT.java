package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import io.github.gpt2server.web.ratelimit.RateLimitOptions.KeyOptions;
import io.github.gpt2server.web.security.ApiKeys;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Limits by API key over real sockets, with a clock that stands still, and with a pause between the
 * last byte that a handler writes and its return. Each test has its key.
 */
@OwnServer(
    value = {
      "--gpt2.api-keys=minute k-minute,spender k-spender,score k-score,leaver k-leaver,"
          + "single k-single,small k-small,crowd k-crowd,counted k-counted,serial k-serial,free k-free,"
          + "choices k-choices,first k-one,first k-two,k-unnamed",
      "--gpt2.chat-template=plain"
    },
    configurations = RateLimitsIT.Limits.class)
class RateLimitsIT {
  private static final TestClock CLOCK = new TestClock();
  private static LiveServer server;

  static class Limits implements WebMvcConfigurer {
    /** Time in which a client that has the whole answer sends its next request. */
    private static final Duration PAUSE = Duration.ofMillis(20);

    @Override
    public void addInterceptors(InterceptorRegistry interceptors) {
      interceptors.addInterceptor(
          new HandlerInterceptor() {
            @Override
            public void afterCompletion(
                HttpServletRequest request,
                HttpServletResponse response,
                Object handler,
                Exception failure)
                throws InterruptedException {
              Thread.sleep(PAUSE.toMillis());
            }
          });
    }

    @Bean
    @Primary
    RateLimiter limitsWithoutTime(ApiKeys keys) {
      return new RateLimiter(
          new RateLimitOptions(
              100,
              1_000,
              0,
              Map.of(
                  "minute", new KeyOptions(3, null, null),
                  "serial", new KeyOptions(0, 0, 1),
                  "crowd", new KeyOptions(10, 0, null),
                  "single", new KeyOptions(null, 0, 1),
                  "counted", new KeyOptions(2, null, null),
                  "leaver", new KeyOptions(null, 60_000, null),
                  "free", new KeyOptions(0, 0, 0))),
          keys::clients,
          CLOCK);
    }
  }

  private static RawHttp.Answer post(String key, String path, String json) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send(request(key, path, json)).answer();
    }
  }

  private static String request(String key, String path, String json) {
    return RawHttp.post(path, json).replace("Host:", "api-key: " + key + "\r\nHost:");
  }

  private static RawHttp.Answer complete(String key, String fields) throws IOException {
    return post(key, "/v1/completions", "{\"prompt\": \"The king\", " + fields + "}");
  }

  private static JsonNode error(RawHttp.Answer answer) {
    return JsonMapper.shared().readTree(answer.body()).get("error");
  }

  private static Map<String, String> limitHeaders(RawHttp.Answer answer) {
    Map<String, String> headers = new TreeMap<>(answer.headers());
    headers.keySet().removeIf(name -> !name.startsWith("x-ratelimit-"));
    return headers;
  }

  private static long tokensLeft(RawHttp.Answer answer) {
    return Long.parseLong(answer.headers().get("x-ratelimit-remaining-tokens"));
  }

  /** The tokens that are left of a minute's, read from the refusal of a request that takes none. */
  private static long tokensLeft(String key) throws IOException {
    return tokensLeft(complete(key, "\"max_tokens\": -1"));
  }

  @Test
  void requestsOfAMinuteAreCountedDown() throws IOException {
    RawHttp.Answer first = complete("k-minute", "\"max_tokens\": 5, \"ignore_eos\": true");
    assertThat(first.status()).isEqualTo(200);
    assertThat(limitHeaders(first))
        .isEqualTo(
            Map.of(
                "x-ratelimit-limit-requests", "3",
                "x-ratelimit-remaining-requests", "2",
                "x-ratelimit-reset-requests", "20s",
                "x-ratelimit-limit-tokens", "1000",
                "x-ratelimit-remaining-tokens", "993",
                "x-ratelimit-reset-tokens", "420ms"));
    // A wrong request is a request.
    assertThat(complete("k-minute", "\"max_tokens\": -1").status()).isEqualTo(400);
    assertThat(complete("k-minute", "\"max_tokens\": 1").status()).isEqualTo(200);

    RawHttp.Answer refused = complete("k-minute", "\"max_tokens\": 1");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.headers())
        .containsEntry("retry-after", "20")
        .containsEntry("content-type", "application/json")
        .containsEntry("x-ratelimit-remaining-requests", "0")
        .containsEntry("x-ratelimit-reset-requests", "1m0s")
        .containsKey("x-request-id");
    assertThat(error(refused).toString())
        .isEqualTo(
            "{\"message\":\"The limit of the API key 'minute' is 3 requests per minute, and none is"
                + " left. Try again in 20 seconds.\",\"type\":\"rate_limit_error\",\"param\":null,"
                + "\"code\":\"rate_limit_exceeded\"}");
    CLOCK.forward(Duration.ofSeconds(20));
    assertThat(complete("k-minute", "\"max_tokens\": 1").status()).isEqualTo(200);
    assertThat(complete("k-minute", "\"max_tokens\": 1").status()).isEqualTo(429);
  }

  @Test
  void whatAnAnswerDidNotTakeComesBack() throws IOException {
    RawHttp.Answer answer =
        complete("k-spender", "\"max_tokens\": 400, \"n\": 2, \"stop\": [\" \", \",\", \".\"]");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(tokensLeft(answer)).isEqualTo(1_000 - 2 - 2 * 400);
    int used = JsonMapper.shared().readTree(answer.body()).at("/usage/total_tokens").intValue();
    assertThat(used).isBetween(4, 100);
    assertThat(tokensLeft("k-spender")).isEqualTo(1_000 - used);

    RawHttp.Answer refused = complete("k-spender", "\"max_tokens\": 499, \"n\": 2");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(error(refused).get("message").stringValue())
        .startsWith("The limit of the API key 'spender' is 1000 tokens per minute, of which ")
        .contains(" are left, and the request may take 1000 (those that it reads, and max_tokens");
    assertThat(refused.headers()).containsKey("retry-after");
  }

  @Test
  void aBeamSearchTakesTheTokensOfAllBeams() throws IOException {
    RawHttp.Answer refused =
        complete(
            "k-small", "\"max_tokens\": 300, \"n\": 2, \"best_of\": 4, \"use_beam_search\": true");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body()).contains("may take 1202 tokens");
  }

  @Test
  void aStreamIsRefusedAsAnyOther() throws IOException {
    RawHttp.Answer answer = complete("k-small", "\"max_tokens\": 500, \"n\": 2, \"stream\": true");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.headers()).doesNotContainKey("retry-after");
    assertThat(error(answer).get("message").stringValue())
        .isEqualTo(
            "The request may take 1002 tokens (those that it reads, and max_tokens for each choice),"
                + " but the limit of the API key 'small' is 1000 per minute, so that it can never be"
                + " answered; ask for less at once.");
  }

  @Test
  void aClientThatLeavesGetsBackWhatWasNotGenerated() throws IOException {
    try (RawHttp http = server.connect()) {
      http.send(request("k-leaver", "/v1/completions", EndlessCompletion.STREAM)).awaitBytes();
      assertThat(complete("k-leaver", "\"max_tokens\": 100, \"n\": 100").status()).isEqualTo(429);
    }
    LiveServer.await(
        () -> {
          try {
            return tokensLeft("k-leaver") > 60_000 - 2 - EndlessCompletion.TOKENS / 2;
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void aStreamCountsAsRunningUntilItsClientLeaves() throws IOException {
    try (RawHttp http = server.connect()) {
      http.send(request("k-single", "/v1/completions", EndlessCompletion.STREAM)).awaitBytes();
      RawHttp.Answer refused = complete("k-single", "\"max_tokens\": 1");
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.headers()).containsEntry("retry-after", "1");
      assertThat(error(refused).get("message").stringValue())
          .isEqualTo(
              "The limit of the API key 'single' is 1 request at once, and it is reached. Try again"
                  + " when one has ended.");
    }
    LiveServer.await(
        () -> {
          try {
            return complete("k-single", "\"max_tokens\": 1").status() == 200;
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "true"})
  void oneAfterTheOtherIsNeverTwoAtOnce(String stream) throws IOException {
    try (RawHttp http = server.connect()) {
      for (int i = 0; i < 50; i++) {
        RawHttp.Answer answer =
            http.send(
                    request(
                        "k-serial",
                        "/v1/completions",
                        "{\"prompt\": \"The king\", \"max_tokens\": 1, \"stream\": "
                            + stream
                            + "}"))
                .answer();
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      }
    }
  }

  @Test
  void connectionsTogetherAreAdmittedExactlyAsOftenAsAllowed() throws Exception {
    List<CompletableFuture<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return post("k-crowd", "/v1/next-token", "{\"prompt\": \"The king\"}").status();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              }));
    }
    List<Integer> statuses = answers.stream().map(CompletableFuture::join).toList();

    assertThat(statuses).filteredOn(status -> status == 200).hasSize(10);
    assertThat(statuses).filteredOn(status -> status == 429).hasSize(14);
  }

  /** Each reads known numbers of tokens; "The king" has two. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2  | /v1/next-token | {\"prompt\": \"The king\"}",
        "2  | /v1/score | {\"text\": \"The king\"}",
        "3  | /v1/score | {\"text\": \"The king\", \"add_bos\": true}",
        "5  | /v1/score | {\"prompt\": \"The\", \"continuations\": [\" king\", \" king king\"]}",
        "2  | /v1/inspect | {\"prompt\": \"The king\"}",
        "4  | /v1/embeddings | {\"input\": [\"The king\", \"The king\"]}",
        "1  | /v1/most-similar | {\"positive\": [\" king\"]}",
        "2  | /v1/completions | {\"prompt\": \"The king\", \"max_tokens\": 0, \"echo\": true}",
        "7  | /v1/completions | {\"prompt\": \"The king\", \"max_tokens\": 5, \"ignore_eos\": true}",
        "12 | /openai/v1/completions | {\"prompt\": \"The king\", \"max_tokens\": 5, \"n\": 2,"
            + " \"ignore_eos\": true}",
      })
  void tokensThatAreReadAndGeneratedCount(int tokens, String path, String json) throws IOException {
    CLOCK.forward(Duration.ofMinutes(1));
    RawHttp.Answer answer = post("k-score", path, json);

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(tokensLeft("k-score")).isEqualTo(1_000 - tokens);
  }

  /** A text longer than the context is read in windows, whose overlap is read twice. */
  @Test
  void windowsAreReservedTogether() throws IOException {
    int context = server.model().contextLength();
    String text = "{\"text\": \"" + "king ".repeat(2 * context) + "\", \"stream\": true}";

    RawHttp.Answer answer = post("k-unnamed", "/v1/score", text);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(error(answer).get("message").stringValue())
        .contains("but the limit of this API key is 1000 per minute");
    assertThat(tokensLeft("k-unnamed")).isEqualTo(1_000);
  }

  @Test
  void choicesAreReservedTogether() throws IOException {
    String choices = "\"structured_outputs\": {\"choice\": [\" king\", \" king king\"]}";

    RawHttp.Answer answer = complete("k-choices", choices + ", \"max_tokens\": 4");

    assertThat(answer.status()).isEqualTo(200);
    JsonNode usage = JsonMapper.shared().readTree(answer.body()).get("usage");
    // The prompt for the distribution of the next token, and with the longer choice.
    int scored = 2 + 4;
    assertThat(tokensLeft(answer)).isEqualTo(1_000 - scored - 2 - 4);
    assertThat(tokensLeft("k-choices"))
        .isEqualTo(1_000 - scored - usage.get("total_tokens").intValue());
  }

  @Test
  void keysOfOneNameAreOne() throws IOException {
    assertThat(complete("k-one", "\"max_tokens\": 8, \"ignore_eos\": true").status())
        .isEqualTo(200);

    assertThat(tokensLeft("k-one")).isEqualTo(990);
    assertThat(tokensLeft("k-two")).isEqualTo(990);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST | /v1/tokenize | {\"text\": \"The king\"}",
        "GET  | /v1/models |",
        "GET  | /health |",
        "GET  | /metrics |",
        "GET  | / |"
      })
  void whatAsksNothingOfTheModelIsFree(String method, String path, String json) throws IOException {
    String request = request("k-minute", path, json == null ? "" : json).replace("POST", method);
    try (RawHttp http = server.connect()) {
      RawHttp.Answer answer = http.send(request).answer();

      assertThat(answer.status()).isEqualTo(200);
      assertThat(limitHeaders(answer)).isEmpty();
    }
  }

  @Test
  void aKeyWithoutLimitsHasNoHeaders() throws IOException {
    RawHttp.Answer answer = complete("k-free", "\"max_tokens\": 1");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(limitHeaders(answer)).isEmpty();
  }

  @Test
  void requestsAreCountedByTheNamesOfKeys() throws Exception {
    complete("k-counted", "\"max_tokens\": 3, \"ignore_eos\": true");
    complete("k-counted", "\"max_tokens\": 400, \"n\": 3");
    complete("k-counted", "\"max_tokens\": 1");
    String key = "api-key: k-free\r\n";

    Scrape scrape =
        Scrape.await(server, key, s -> s.value("gpt2_key_requests_total", "key", "counted") == 3);
    assertThat(scrape.value("gpt2_key_prompt_tokens_total", "key", "counted")).isEqualTo(2);
    assertThat(scrape.value("gpt2_key_generation_tokens_total", "key", "counted")).isEqualTo(3);
    assertThat(refusals(scrape, "requests")).isEqualTo(1);
    assertThat(refusals(scrape, "tokens")).isEqualTo(1);
    assertThat(refusals(scrape, "concurrency")).isZero();
    assertThat(scrape.value("gpt2_requests_total", "outcome", "rate_limited")).isPositive();
    assertThat(scrape.value("gpt2_requests_total", "outcome", "queue_full")).isZero();
    assertThat(scrape.text()).doesNotContain("k-counted");
  }

  private static double refusals(Scrape scrape, String limit) {
    return scrape.value("gpt2_key_refusals_total", "key", "counted", "limit", limit);
  }
}
