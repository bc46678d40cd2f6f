package io.github.gpt2server.ops.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.TestServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The status in every phase, by a fake engine and by a real one. */
class StatusIT {
  private static final PrefixCacheStatus PREFIXES = new PrefixCacheStatus(0.5, 1000, 250);

  @Test
  void answersInEveryPhaseWithinOneKilobyte() throws Exception {
    try (TestServer server = new TestServer()) {
      server.engine().report(null);
      String progress = "org/Ж is being downloaded. ".repeat(20);
      server.state().loadingMessage(progress);
      JsonNode loading = status(server);
      assertThat(loading.propertyNames())
          .containsExactly(
              "phase",
              "message",
              "model",
              "queue",
              "running",
              "slots",
              "caches",
              "tokens_per_second",
              "prompt_tokens_per_second",
              "uptime_seconds");
      assertThat(loading.get("phase").stringValue()).isEqualTo("loading");
      assertThat(loading.get("message").stringValue())
          .isEqualTo(progress.substring(0, 120) + "...");
      assertThat(loading.get("model").isNull()).isTrue();
      assertThat(loading.get("slots").intValue()).isZero();

      server.engine().report(new EngineStatus(3, 2, 8, 0.25, PREFIXES, true, true));
      JsonNode serving = status(server);
      assertThat(serving.get("phase").stringValue()).isEqualTo("serving");
      assertThat(serving.get("queue").intValue()).isEqualTo(3);
      assertThat(serving.get("running").intValue()).isEqualTo(2);
      assertThat(serving.get("slots").intValue()).isEqualTo(8);
      assertThat(serving.get("caches").toString())
          .isEqualTo(
              "{\"kv_cache_usage\":0.25,\"prefix_cache_usage\":0.5,"
                  + "\"prefix_cache_queries\":1000,\"prefix_cache_hits\":250}");

      server.engine().report(new EngineStatus(0, 1, 8, 0.25, PREFIXES, true, false));
      assertThat(status(server).get("phase").stringValue()).isEqualTo("stopping");

      server.engine().report(new EngineStatus(0, 0, 8, 0, PREFIXES, false, false));
      JsonNode dead = status(server);
      assertThat(dead.get("phase").stringValue()).isEqualTo("dead");
      assertThat(dead.get("message").stringValue())
          .isEqualTo("The engine has stopped on an error; restart the server.");
    }
  }

  @Test
  void needsTheKeyWhereThereIsOne() throws Exception {
    try (TestServer server = new TestServer("--gpt2.api-keys=sesame")) {
      assertThat(server.get("/v1/status").statusCode()).isEqualTo(401);
      assertThat(server.get("/v1/status", "Authorization", "Bearer sesame").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void countsWhatRunsAndWasGenerated() throws Exception {
    try (LiveServer server = new LiveServer("--gpt2.max-sequences=2");
        RawHttp stream = server.connect()) {
      server.ask(
          "/v1/completions",
          "{\"prompt\": [1, 2, 3, 4, 5], \"max_tokens\": 40, \"ignore_eos\": true}");
      JsonNode after = status(server);
      assertThat(after.get("phase").stringValue()).isEqualTo("serving");
      assertThat(after.get("model").stringValue()).isEqualTo("gpt2-fairytales");
      assertThat(after.get("slots").intValue()).isEqualTo(2);
      // The last step counts a moment after its token has been sent.
      assertThat(after.get("tokens_per_second").doubleValue()).isBetween(0.1, 4.0);
      assertThat(after.get("prompt_tokens_per_second").doubleValue()).isEqualTo(0.5);
      assertThat(after.get("uptime_seconds").doubleValue()).isPositive();

      stream.send(
          RawHttp.post(
              "/v1/completions",
              "{\"n\": 5, \"max_tokens\": 400, \"ignore_eos\": true, \"stream\": true}"));
      server.awaitStatus(status -> status.running() == 2);
      assertThat(status(server).get("running").intValue()).isEqualTo(2);
      stream.leave();
    }
  }

  private static JsonNode status(TestServer server) throws Exception {
    HttpResponse<String> answer = server.get("/v1/status");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body().getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(1024);
    assertThat(answer.headers().firstValue("Cache-Control").orElseThrow()).contains("no-store");
    return JsonMapper.shared().readTree(answer.body());
  }

  private static JsonNode status(LiveServer server) throws Exception {
    try (RawHttp http = server.connect()) {
      RawHttp.Answer answer = http.send("GET /v1/status HTTP/1.1\r\nHost: test\r\n\r\n").answer();
      assertThat(answer.status()).isEqualTo(200);
      return JsonMapper.shared().readTree(answer.body());
    }
  }
}
