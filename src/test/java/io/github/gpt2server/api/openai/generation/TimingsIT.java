package io.github.gpt2server.api.openai.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code timings}, whole and streamed. */
@OwnServer({"--gpt2.chat-template=plain", "--gpt2.max-sequences=2"})
class TimingsIT {
  private static final String COMPLETION =
      "{\"prompt\": \"%s\", \"max_tokens\": %d, \"ignore_eos\": true, \"timings\": true%s}";
  private static final String CHAT =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"%s\"}], \"max_tokens\": %d,"
          + " \"ignore_eos\": true, \"timings\": true%s}";

  private static LiveServer server;

  @Test
  void numbersAreThoseOfTheUsageAndQuotientsThoseOfTheNumbers() throws IOException {
    String prompt = "Once there were three bears who lived in a house in the wood, and the";
    JsonNode first = server.ask("/v1/completions", COMPLETION.formatted(prompt, 8, ""));
    assertTimings(first, 8);
    assertThat(first.at("/timings/cache_n").intValue()).isZero();

    JsonNode again = server.ask("/v1/completions", COMPLETION.formatted(prompt, 5, ", \"n\": 3"));
    assertTimings(again, 15);
    assertThat(again.at("/timings/cache_n").intValue()).isPositive();
  }

  @Test
  void whatWaitsInTheQueueIsNotThePromptsTime() throws IOException {
    try (RawHttp stream = server.connect()) {
      stream.send(
          RawHttp.post(
              "/v1/completions",
              "{\"n\": 2, \"max_tokens\": 60, \"ignore_eos\": true, \"stream\": true}"));
      server.awaitStatus(status -> status.running() == 2);
      JsonNode timings =
          server.ask("/v1/completions", COMPLETION.formatted("A", 2, "")).get("timings");
      // It waited for most of 60 steps, and one step read its prompt.
      assertThat(timings.get("queue_ms").doubleValue())
          .isGreaterThan(timings.get("prompt_ms").doubleValue());
    }
  }

  @Test
  void aScoredPromptPredictsNothing() throws IOException {
    JsonNode timings =
        server
            .ask("/v1/completions", COMPLETION.formatted("The king", 0, ", \"echo\": true"))
            .get("timings");
    assertThat(timings.get("predicted_n").intValue()).isZero();
    assertThat(timings.get("predicted_per_token_ms").isNull()).isTrue();
    assertThat(timings.get("prompt_ms").doubleValue()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/completions", "/v1/chat/completions"})
  void aStreamHasThemInItsLastChunk(String path) throws IOException {
    String body = path.contains("chat") ? CHAT : COMPLETION;
    List<JsonNode> chunks = stream(path, body.formatted("The king", 6, ", \"n\": 2"));
    JsonNode last = chunks.get(chunks.size() - 1);
    assertThat(chunks.stream().filter(chunk -> chunk.has("timings"))).containsExactly(last);
    assertThat(last.get("choices")).hasSize(1);
    assertThat(last.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
    assertThat(last.has("usage")).isFalse();
    assertThat(last.at("/timings/predicted_n").intValue()).isEqualTo(12);

    List<JsonNode> withUsage =
        stream(
            path, body.formatted("The king", 6, ", \"stream_options\": {\"include_usage\": true}"));
    JsonNode usage = withUsage.get(withUsage.size() - 1);
    assertThat(withUsage.stream().filter(chunk -> chunk.has("timings"))).containsExactly(usage);
    assertThat(usage.get("choices")).isEmpty();
    assertTimings(usage, 6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/completions", "/v1/chat/completions"})
  void theyComeOnlyWhenAskedFor(String path) throws IOException {
    String body = path.contains("chat") ? CHAT : COMPLETION;
    assertTimings(server.ask(path, body.formatted("The king", 4, "")), 4);
    for (String value : List.of("false", "null")) {
      JsonNode answer = server.ask(path, body.formatted("A", 1, "").replace("true}", value + "}"));
      assertThat(answer.has("timings")).isFalse();
    }
    assertThat(
            server
                .refusal(path, body.formatted("A", 1, "").replace("true}", "\"yes\"}"))
                .get("message")
                .stringValue())
        .startsWith("timings must be ");
  }

  private static void assertTimings(JsonNode answer, int predicted) {
    JsonNode timings = answer.get("timings");
    JsonNode usage = answer.get("usage");
    int cached = timings.get("cache_n").intValue();
    assertThat(cached).isEqualTo(usage.at("/prompt_tokens_details/cached_tokens").intValue());
    int prompt = timings.get("prompt_n").intValue();
    assertThat(cached + prompt).isEqualTo(usage.get("prompt_tokens").intValue());
    assertThat(timings.get("predicted_n").intValue())
        .isEqualTo(predicted)
        .isEqualTo(usage.get("completion_tokens").intValue());
    double promptMs = timings.get("prompt_ms").doubleValue();
    double predictedMs = timings.get("predicted_ms").doubleValue();
    assertThat(promptMs).isPositive();
    assertThat(predictedMs).isPositive();
    assertThat(timings.get("queue_ms").doubleValue()).isNotNegative();
    assertThat(timings.get("prompt_per_token_ms").doubleValue())
        .isCloseTo(promptMs / prompt, within(1e-6));
    assertThat(timings.get("prompt_per_second").doubleValue())
        .isCloseTo(1e3 * prompt / promptMs, within(1e-6));
    assertThat(timings.get("predicted_per_token_ms").doubleValue())
        .isCloseTo(predictedMs / predicted, within(1e-6));
    assertThat(timings.get("predicted_per_second").doubleValue())
        .isCloseTo(1e3 * predicted / predictedMs, within(1e-6));
  }

  private static List<JsonNode> stream(String path, String body) throws IOException {
    List<JsonNode> chunks = new ArrayList<>();
    String streamed = body.substring(0, body.length() - 1) + ", \"stream\": true}";
    for (String line : server.post(path, streamed).body().lines().toList()) {
      if (line.startsWith("data: {")) {
        chunks.add(JsonMapper.shared().readTree(line.substring("data: ".length())));
      }
    }
    return chunks;
  }
}
