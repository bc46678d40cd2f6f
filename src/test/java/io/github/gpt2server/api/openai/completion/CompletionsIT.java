package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.web.json.WellFormed;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Completions over the wire with the embedded model, against texts computed elsewhere. */
@OwnServer("--gpt2.dtype=float32")
class CompletionsIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;
  private static JsonNode golden;

  @BeforeAll
  static void start() throws IOException {
    try (InputStream in = CompletionsIT.class.getResourceAsStream("/golden/greedy.json")) {
      golden = JSON.readTree(in);
    }
  }

  @Test
  void greedyTextsAreTheReferences() throws IOException {
    for (JsonNode example : golden) {
      JsonNode answer = server.ask("/v1/completions", greedy(example).toString());

      assertThat(answer.propertyNames())
          .containsExactly("id", "object", "created", "model", "choices", "usage");
      assertThat(answer.get("object").stringValue()).isEqualTo("text_completion");
      assertThat(answer.get("model").stringValue()).isEqualTo("gpt2-fairytales");
      JsonNode choice = answer.get("choices").get(0);
      assertThat(choice.propertyNames())
          .containsExactly("text", "index", "logprobs", "finish_reason", "stop_reason");
      assertThat(choice.get("text").stringValue())
          .isEqualTo(example.get("continuation").stringValue());
      assertThat(choice.get("finish_reason").stringValue()).isEqualTo("length");
      assertThat(choice.get("stop_reason").isNull()).isTrue();
      int promptTokens = example.get("token_ids").size();
      int newTokens = example.get("continuation_ids").size();
      assertThat(answer.get("usage"))
          .isEqualTo(
              JSON.readTree(
                  "{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,\"prompt_tokens_details\":{\"cached_tokens\":0}}"
                      .formatted(promptTokens, newTokens, promptTokens + newTokens)));
    }
  }

  @Test
  void azuresPathsAnswerTheSame() throws IOException {
    String body = "{\"model\": \"gpt2-fairytales\", \"prompt\": \"The king\", \"temperature\": 0}";
    String text = server.ask("/v1/completions", body).at("/choices/0/text").stringValue();
    for (String path :
        List.of(
            "/openai/v1/completions",
            "/openai/deployments/gpt2-fairytales/completions?api-version=2024-10-21",
            "/openai/deployments/openai%2FGPT2-Fairytales/completions")) {
      assertThat(server.ask(path, body).at("/choices/0/text").stringValue())
          .as(path)
          .isEqualTo(text);
    }
    String input = "{\"input\": \"The king\"}";
    JsonNode vector = server.ask("/v1/embeddings", input).at("/data/0/embedding");
    for (String path :
        List.of(
            "/openai/v1/embeddings",
            "/openai/deployments/gpt2-fairytales/embeddings?api-version=2024-10-21")) {
      assertThat(server.ask(path, input).at("/data/0/embedding")).as(path).isEqualTo(vector);
    }

    RawHttp.Answer other = server.post("/openai/deployments/gpt-4o/completions", body);
    assertThat(other.status()).isEqualTo(404);
    assertThat(other.body()).contains("\"code\":\"model_not_found\"", "gpt-4o");
  }

  @Test
  void streamedTextsAreTheSameInPieces() throws IOException {
    for (JsonNode example : golden) {
      List<JsonNode> chunks = stream(greedy(example));

      assertThat(join(chunks, 0)).isEqualTo(example.get("continuation").stringValue());
      assertThat(chunks.size()).isGreaterThan(40);
      JsonNode last = chunks.get(chunks.size() - 1).get("choices").get(0);
      assertThat(last.get("finish_reason").stringValue()).isEqualTo("length");
      assertThat(chunks.get(0).get("choices").get(0).get("finish_reason").isNull()).isTrue();
      assertThat(chunks.get(0).has("usage")).isFalse();
      assertThat(chunks.stream().map(chunk -> chunk.get("id")).distinct()).hasSize(1);
    }
  }

  @Test
  void tokenIdsAreTheReferences() throws IOException {
    JsonNode example = golden.get(0);
    JsonNode choice =
        server
            .ask("/v1/completions", greedy(example).put("return_token_ids", true).toString())
            .get("choices")
            .get(0);

    assertThat(choice.get("token_ids")).isEqualTo(example.get("continuation_ids"));
    assertThat(choice.get("prompt_token_ids")).isEqualTo(example.get("token_ids"));
  }

  @Test
  void severalPromptsAreAnsweredInOrder() throws IOException {
    ObjectNode request = greedy(golden.get(0)).put("n", 2);
    request.putArray("prompt").add(text(golden.get(0))).add(text(golden.get(1)));
    JsonNode answer = server.ask("/v1/completions", request.toString());

    for (int index = 0; index < 4; index++) {
      JsonNode choice = answer.get("choices").get(index);
      assertThat(choice.get("index").intValue()).isEqualTo(index);
      assertThat(choice.get("text").stringValue())
          .isEqualTo(golden.get(index / 2).get("continuation").stringValue());
    }
    assertThat(answer.at("/usage/prompt_tokens").intValue())
        .isEqualTo(golden.get(0).get("token_ids").size() + golden.get(1).get("token_ids").size());
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(4 * 48);
  }

  @Test
  void usageEndsTheStreamIfAsked() throws IOException {
    ObjectNode request = greedy(golden.get(0));
    request.putObject("stream_options").put("include_usage", true);
    List<JsonNode> chunks = stream(request);

    JsonNode last = chunks.get(chunks.size() - 1);
    assertThat(last.get("choices").isEmpty()).isTrue();
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(48);
    assertThat(chunks.subList(0, chunks.size() - 1))
        .allSatisfy(chunk -> assertThat(chunk.get("usage").isNull()).isTrue());
  }

  @Test
  void aStopStringEndsTheTextWhereverTokensSplitIt() throws IOException {
    ObjectNode request = greedy(golden.get(1));
    request.putArray("stop").add("nothing").add("ry, and sa");

    JsonNode choice = server.ask("/v1/completions", request.toString()).get("choices").get(0);
    assertThat(choice.get("text").stringValue()).isEqualTo(" was very ang");
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(choice.get("stop_reason").stringValue()).isEqualTo("ry, and sa");

    List<JsonNode> chunks = stream(request.deepCopy());
    assertThat(join(chunks, 0)).isEqualTo(" was very ang");
    JsonNode last = chunks.get(chunks.size() - 1).get("choices").get(0);
    assertThat(last.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(last.get("stop_reason").stringValue()).isEqualTo("ry, and sa");

    request.remove("stream");
    request.put("include_stop_str_in_output", true);
    assertThat(
            server.ask("/v1/completions", request.toString()).at("/choices/0/text").stringValue())
        .isEqualTo(" was very angry, and sa");
  }

  @Test
  void aStopTokenEndsTheTextWithoutStandingInIt() throws IOException {
    ObjectNode request = greedy(golden.get(1)).put("return_token_ids", true);
    request.putArray("stop_token_ids").add(11);
    JsonNode answer = server.ask("/v1/completions", request.toString());

    JsonNode choice = answer.get("choices").get(0);
    assertThat(choice.get("text").stringValue()).isEqualTo(" was very angry");
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(choice.get("stop_reason").intValue()).isEqualTo(11);
    assertThat(choice.get("token_ids")).isEqualTo(JSON.readTree("[309,533,1931,11]"));
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(4);
  }

  @Test
  void aStopTokenStandsInTheTextIfAskedFor() throws IOException {
    ObjectNode request = greedy(golden.get(1)).put("include_stop_str_in_output", true);
    request.put("logprobs", 0).putArray("stop_token_ids").add(11);
    JsonNode choice = server.ask("/v1/completions", request.toString()).get("choices").get(0);

    assertThat(choice.get("text").stringValue()).isEqualTo(" was very angry,");
    assertThat(choice.get("stop_reason").intValue()).isEqualTo(11);
    assertThat(choice.at("/logprobs/tokens"))
        .isEqualTo(JSON.readTree("[\" was\", \" very\", \" angry\", \",\"]"));
  }

  @Test
  void aSeedRepeatsItself() throws IOException {
    String request =
        """
        {"prompt": "The king", "max_tokens": 40, "seed": 11, "n": 3, "temperature": 1.5}
        """;
    JsonNode first = server.ask("/v1/completions", request).get("choices");

    assertThat(server.ask("/v1/completions", request).get("choices")).isEqualTo(first);
    assertThat(
            List.of(first.get(0), first.get(1), first.get(2)).stream()
                .map(choice -> choice.get("text").stringValue()))
        .doesNotHaveDuplicates();
  }

  @Test
  void multiByteTextsComeInWholeCharacters() throws IOException {
    // A bias makes the two bytes of é and the four of a dragon likely, in any order.
    ObjectNode request =
        JSON.createObjectNode()
            .put("prompt", "café 🐉🐉🐉")
            .put("max_tokens", 120)
            .put("temperature", 1)
            .put("seed", 3)
            .put("ignore_eos", true)
            .put("return_token_ids", true);
    ObjectNode bias = request.putObject("logit_bias");
    for (int token : server.model().tokenizer().encode("é🐉")) {
      bias.put(Integer.toString(token), 30);
    }
    JsonNode whole = server.ask("/v1/completions", request.toString()).get("choices").get(0);
    List<JsonNode> chunks = stream(request);

    String text = whole.get("text").stringValue();
    int[] tokens = new int[whole.get("token_ids").size()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = whole.get("token_ids").get(i).intValue();
    }
    assertThat(text).isEqualTo(server.model().tokenizer().decode(tokens));
    assertThat(text.codePoints().filter(c -> c > 127 && c != 0xFFFD).count()).isPositive();
    assertThat(join(chunks, 0)).isEqualTo(text);
    assertThat(chunks)
        .allSatisfy(
            chunk ->
                assertThat(WellFormed.isWellFormed(chunk.at("/choices/0/text").stringValue()))
                    .isTrue());
  }

  @Test
  void thirtyTwoAtOnceGetTheSameTexts() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(32);
    try {
      List<Future<String>> texts = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        JsonNode example = golden.get(i % golden.size());
        boolean streamed = i % 2 == 0;
        texts.add(
            clients.submit(
                () ->
                    streamed
                        ? join(stream(greedy(example)), 0)
                        : server
                            .ask("/v1/completions", greedy(example).toString())
                            .at("/choices/0/text")
                            .stringValue()));
      }
      for (int i = 0; i < 32; i++) {
        assertThat(texts.get(i).get())
            .isEqualTo(golden.get(i % golden.size()).get("continuation").stringValue());
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void aConnectionServesManyRequestsAlsoEarlyOnes() throws IOException {
    JsonNode example = golden.get(0);
    String one = RawHttp.post("/v1/completions", greedy(example).toString());
    String two = RawHttp.post("/v1/completions", greedy(golden.get(1)).toString());
    try (RawHttp http = server.connect()) {
      // The second request arrives while the first is being answered, and so do others after.
      http.send(one + two + two.substring(0, 30));
      assertThat(JSON.readTree(http.answer().body()).at("/choices/0/text").stringValue())
          .isEqualTo(example.get("continuation").stringValue());
      http.send(two.substring(30));
      for (int i = 0; i < 2; i++) {
        assertThat(JSON.readTree(http.answer().body()).at("/choices/0/text").stringValue())
            .isEqualTo(golden.get(1).get("continuation").stringValue());
      }
      http.send(RawHttp.post("/v1/completions", greedy(example).put("stream", true).toString()));
      assertThat(http.answer().body()).endsWith("data: [DONE]\n\n");
      http.send(one);
      assertThat(http.answer().status()).isEqualTo(200);
    }
  }

  @Test
  void streamsSayWhatTheyAre() throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", "{\"max_tokens\": 1, \"stream\": true}");

    assertThat(answer.headers())
        .containsEntry("content-type", "text/event-stream;charset=UTF-8")
        .containsEntry("cache-control", "no-cache")
        .containsEntry("x-accel-buffering", "no");
  }

  private static ObjectNode greedy(JsonNode example) {
    return JSON.createObjectNode()
        .put("prompt", text(example))
        .put("max_tokens", example.get("continuation_ids").size())
        .put("temperature", 0);
  }

  private static String text(JsonNode example) {
    return example.get("prompt").stringValue();
  }

  /** The chunks of a stream, which must end with [DONE]. */
  private static List<JsonNode> stream(ObjectNode request) throws IOException {
    String body = server.post("/v1/completions", request.put("stream", true).toString()).body();
    List<JsonNode> chunks = new ArrayList<>();
    String rest = body;
    while (!rest.equals("data: [DONE]\n\n")) {
      int end = rest.indexOf("\n\n");
      assertThat(rest).startsWith("data: {").contains("\n\n");
      chunks.add(JSON.readTree(rest.substring("data: ".length(), end)));
      rest = rest.substring(end + 2);
    }
    return chunks;
  }

  private static String join(List<JsonNode> chunks, int index) {
    StringBuilder text = new StringBuilder();
    for (JsonNode chunk : chunks) {
      for (JsonNode choice : chunk.get("choices")) {
        if (choice.get("index").intValue() == index) {
          text.append(choice.get("text").stringValue());
        }
      }
    }
    return text.toString();
  }
}
