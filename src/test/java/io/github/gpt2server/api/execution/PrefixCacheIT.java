package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The prefix cache over the wire: what it saves is told, and what it gives is the same. */
@OwnServer("--gpt2.dtype=float32")
class PrefixCacheIT {
  private static final String TEXT = "Once upon a time there was a king who had three sons. ";

  private static LiveServer server;

  /** Each question about a prompt of its own, twice: every number has the same bits. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/v1/completions | 'prompt':'1 %s','max_tokens':20,'temperature':0,'logprobs':5",
        "/v1/completions | 'prompt':'2 %s','max_tokens':20,'seed':3,'n':3,'logprobs':0",
        "/v1/completions | 'prompt':'3 %s','max_tokens':0,'echo':true,'logprobs':50",
        "/v1/completions | 'prompt':'4 %s','max_tokens':5,'temperature':0,'echo':true,'logprobs':0",
        "/v1/completions | 'prompt':'5 %s','max_tokens':9,'temperature':0,'logprob_token_ids':[7,8]",
        "/v1/score | 'text':'6 %s','top_logprobs':4",
        "/v1/score | 'text':'7 %s','add_bos':true",
        "/v1/score | 'prompt':'8 %s','continuations':[' The king was dead.',' The king', ' a']",
        "/v1/next-token | 'prompt':'9 %s','top_k':4000",
        "/v1/next-token | 'prompt':'10 %s','candidates':[' The king',' sons'],'temperature':2"
      })
  void hotAnswersAreColdOnes(String path, String fields) throws IOException {
    String json = "{" + fields.formatted(TEXT.repeat(8)).replace('\'', '"') + "}";
    long before = hits();
    JsonNode cold = answer(path, json);
    long between = hits();
    JsonNode hot = answer(path, json);

    assertThat(hot).isEqualTo(cold);
    // Scores of a whole prompt are computed, since the cache has no logits.
    if (json.contains("echo") || json.contains("text")) {
      assertThat(hits()).isEqualTo(before);
    } else {
      assertThat(hits() - between).isGreaterThan(100).isGreaterThan(between - before);
    }
  }

  @Test
  void cachedTokensAreTold() throws IOException {
    String json = "{\"prompt\":\"A %s\",\"max_tokens\":1,\"n\":2}".formatted(TEXT.repeat(9));
    List<JsonNode> usages = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      usages.add(server.ask("/v1/completions", json).get("usage"));
    }
    int prompt = usages.get(0).get("prompt_tokens").intValue();
    assertThat(prompt).isGreaterThan(100);
    assertThat(cached(usages.get(0))).isZero();
    // The last token's logits are computed again.
    assertThat(cached(usages.get(1))).isEqualTo(prompt - 1);

    String longer = json.replace("\",\"max", " And then the youngest\",\"max");
    assertThat(cached(server.ask("/v1/completions", longer).get("usage"))).isEqualTo(prompt);
    String salted = json.replace("{", "{\"cache_salt\":\"mine\",");
    assertThat(cached(server.ask("/v1/completions", salted).get("usage"))).isZero();
    assertThat(cached(server.ask("/v1/completions", salted).get("usage"))).isEqualTo(prompt - 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/v1/completions | 'max_tokens':1,'prompt':'E %s'",
        "/v1/score | 'prompt':'F %s','continuations':[' a b']",
        "/v1/next-token | 'prompt':'G %s','candidates':[' a b c']"
      })
  void saltsKeepTenantsApartEverywhere(String path, String fields) throws IOException {
    String json = "{" + fields.formatted(TEXT.repeat(3)).replace('\'', '"') + "}";
    String salted = json.replace("{", "{\"cache_salt\":\"x\",");
    answer(path, json);
    long before = hits();
    answer(path, salted);
    long first = hits();
    answer(path, salted);
    assertThat(first - before).isLessThan(hits() - first);
  }

  /** The next turn of a conversation begins with what was generated in the last one. */
  @Test
  void generatedTextIsReadFromTheCache() throws IOException {
    String first = "H " + TEXT;
    JsonNode answer =
        server.ask(
            "/v1/completions",
            "{\"prompt\":\"%s\",\"max_tokens\":60,\"temperature\":0,\"ignore_eos\":true,\"return_token_ids\":true}"
                .formatted(first));
    int prompt = answer.get("usage").get("prompt_tokens").intValue();
    List<Integer> text = new ArrayList<>();
    answer.get("choices").get(0).get("prompt_token_ids").forEach(id -> text.add(id.intValue()));
    answer.get("choices").get(0).get("token_ids").forEach(id -> text.add(id.intValue()));
    text.addAll(List.of(5, 6, 7));
    String next =
        "{\"prompt\":%s,\"max_tokens\":20,\"temperature\":0,\"logprobs\":3,\"cache_salt\":%s}";
    JsonNode hot = server.ask("/v1/completions", next.formatted(text, "null"));
    JsonNode cold = server.ask("/v1/completions", next.formatted(text, "\"cold\""));

    // All but the last generated token, which no step had to compute.
    assertThat(cached(hot.get("usage"))).isEqualTo(prompt + 59);
    assertThat(cached(cold.get("usage"))).isZero();
    assertThat(hot.get("choices")).isEqualTo(cold.get("choices"));
  }

  @Test
  void aStreamTellsItsCachedTokensAtTheEnd() throws IOException {
    String json =
        "{\"prompt\":\"B %s\",\"max_tokens\":1,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
            .formatted(TEXT.repeat(9));
    server.post("/v1/completions", json);
    List<String> data =
        server
            .post("/v1/completions", json)
            .body()
            .lines()
            .filter(line -> line.startsWith("data: {"))
            .toList();
    JsonNode usage =
        JsonMapper.shared().readTree(data.get(data.size() - 1).substring(6)).get("usage");
    assertThat(cached(usage)).isEqualTo(usage.get("prompt_tokens").intValue() - 1);
  }

  /** Candidates and continuations read their prompt once. */
  @Test
  void candidatesShareTheirPrompt() throws IOException {
    String candidates =
        IntStream.range(0, 6)
            .mapToObj(i -> "\" the king " + i + "\"")
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    long before = hits();
    JsonNode answer =
        server.ask(
            "/v1/next-token",
            "{\"prompt\":\"Quickly came %s\",\"candidates\":[%s]}".formatted(TEXT, candidates));
    assertThat(hits() - before).isEqualTo(6L * (answer.get("prompt_tokens").intValue() - 1));
  }

  @Test
  void manyPromptsDriveOutOldOnesAndAnswersStayRight() throws IOException {
    String asked = "{\"prompt\":\"C %s\",\"top_k\":10}".formatted(TEXT.repeat(5));
    JsonNode first = answer("/v1/next-token", asked);
    Random random = new Random(2);
    for (int i = 0; i < 90; i++) {
      String tokens = random.ints(120, 0, 4000).boxed().toList().toString();
      server.ask("/v1/next-token", "{\"tokens\":%s}".formatted(tokens));
    }
    assertThat(server.model().engine().status().prefixCache().usage()).isEqualTo(1);
    long before = hits();
    assertThat(answer("/v1/next-token", asked)).isEqualTo(first);
    assertThat(hits()).isEqualTo(before);
  }

  @Test
  void metricsCountTokens() throws IOException {
    server.post("/v1/completions", "{\"prompt\":\"D\",\"max_tokens\":1}");
    String metrics;
    try (RawHttp http = server.connect()) {
      metrics = http.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").answer().body();
    }
    long hits = hits();
    assertThat(metrics.lines())
        .contains("vllm:prefix_cache_hits_total " + (double) hits)
        .anyMatch(line -> line.startsWith("vllm:prefix_cache_queries_total "))
        .anyMatch(line -> line.startsWith("gpt2_prefix_cache_usage_ratio "));
  }

  private static long hits() {
    return server.model().engine().status().prefixCache().hitTokens();
  }

  private static int cached(JsonNode usage) {
    return usage.get("prompt_tokens_details").get("cached_tokens").intValue();
  }

  /** The answer without what differs from request to request. */
  private static JsonNode answer(String path, String json) throws IOException {
    ObjectNode answer = (ObjectNode) server.ask(path, json);
    answer.remove(List.of("id", "created", "usage"));
    return answer;
  }
}
