package io.github.gpt2server.api.insight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Next-token, tokenize and models with the embedded model, against numbers computed elsewhere. */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.aliases=tales,gpt2"})
class InsightIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;

  @Test
  void nextTokenGivesTheReferencesDistribution() throws IOException {
    for (JsonNode example : golden("logits")) {
      float[] logits = floats(example.get("logits_last"));
      TokenDistribution expected = TokenDistribution.of(logits, 1);
      ObjectNode request = JSON.createObjectNode().put("top_k", 4096);
      request.set("prompt", example.get("prompt"));

      JsonNode answer = server.ask("/v1/next-token", request.toString());

      assertThat(answer.get("prompt_tokens").intValue()).isEqualTo(example.get("token_ids").size());
      assertThat(answer.get("entropy_bits").doubleValue())
          .isCloseTo(expected.entropyBits(), within(1e-3));
      double sum = 0;
      double last = 1;
      for (int place = 0; place < 4096; place++) {
        JsonNode token = answer.get("top").get(place);
        int id = token.get("token_id").intValue();
        assertThat(token.get("logprob").doubleValue())
            .isCloseTo(logits[id] - example.get("logsumexp_last").doubleValue(), within(2e-3));
        assertThat(token.get("probability").doubleValue())
            .isCloseTo(Math.exp(token.get("logprob").doubleValue()), within(1e-9))
            .isLessThanOrEqualTo(last);
        assertThat(token.get("rank").intValue()).isEqualTo(place + 1);
        last = token.get("probability").doubleValue();
        sum += last;
      }
      assertThat(sum).isCloseTo(1, within(1e-6));
      assertThat(answer.at("/top/0/token_id").intValue()).isEqualTo(expected.likeliest(1)[0]);
    }
  }

  @Test
  void nextTokenAnswersInItsShape() throws IOException {
    JsonNode answer =
        server.ask(
            "/v1/next-token",
            """
            {"prompt": "She took the golden key and opened the", "top_k": 2,
             "candidates": [" door", " door, and the light"]}
            """);

    assertThat(answer.propertyNames())
        .containsExactly("model", "prompt_tokens", "entropy_bits", "top", "candidates");
    assertThat(answer.get("model").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(answer.get("top").size()).isEqualTo(2);
    assertThat(answer.at("/top/0").propertyNames())
        .containsExactly("token_id", "token", "bytes", "probability", "logprob", "rank");
    JsonNode door = answer.at("/candidates/0");
    assertThat(door.propertyNames())
        .containsExactly("text", "token_ids", "probability", "logprob", "rank");
    assertThat(door.get("text").stringValue()).isEqualTo(" door");
    assertThat(door.get("token_ids")).isEqualTo(JSON.readTree("[817]"));
    // Values of score.json's first text, whose first seven tokens are the prompt.
    assertThat(door.get("logprob").doubleValue()).isCloseTo(scored(8, 9), within(1e-3));
    assertThat(door.get("rank").intValue()).isEqualTo(1);
    JsonNode more = answer.at("/candidates/1");
    assertThat(more.get("token_ids")).isEqualTo(JSON.readTree("[817,11,269,259,940]"));
    assertThat(more.get("logprob").doubleValue()).isCloseTo(scored(8, 13), within(2e-3));
    assertThat(more.get("probability").doubleValue())
        .isCloseTo(Math.exp(more.get("logprob").doubleValue()), within(1e-12));
    assertThat(more.get("rank").isNull()).isTrue();
  }

  @Test
  void temperatureTempersEverything() throws IOException {
    JsonNode example = golden("logits").get(0);
    TokenDistribution expected = TokenDistribution.of(floats(example.get("logits_last")), 2);
    ObjectNode request = JSON.createObjectNode().put("temperature", 2).put("top_k", 3);
    request.set("tokens", example.get("token_ids"));
    request.putArray("candidates").add(" king").add(" king was");
    JsonNode answer = server.ask("/v1/next-token", request.toString());

    assertThat(answer.get("entropy_bits").doubleValue())
        .isCloseTo(expected.entropyBits(), within(1e-3));
    int[] likeliest = expected.likeliest(3);
    for (int place = 0; place < 3; place++) {
      assertThat(answer.at("/top/" + place + "/token_id").intValue()).isEqualTo(likeliest[place]);
      assertThat(answer.at("/top/" + place + "/logprob").doubleValue())
          .isCloseTo(expected.logprob(likeliest[place]), within(2e-3));
    }
    JsonNode king = answer.at("/candidates/0");
    int id = king.at("/token_ids/0").intValue();
    assertThat(king.get("logprob").doubleValue()).isCloseTo(expected.logprob(id), within(2e-3));
    assertThat(king.get("rank").intValue()).isEqualTo(expected.rank(id));

    // The second token of " king was" is asked for by itself after the first.
    request.remove("candidates");
    ((ArrayNode) request.get("tokens")).add(id);
    request.putArray("candidates").add(" was");
    double was =
        server.ask("/v1/next-token", request.toString()).at("/candidates/0/logprob").doubleValue();
    assertThat(answer.at("/candidates/1/logprob").doubleValue())
        .isCloseTo(king.get("logprob").doubleValue() + was, within(1e-3));
  }

  @Test
  void anArrayOfPromptsGetsResultsInOrder() throws IOException {
    String several =
        "{\"prompt\": [\"The king\", \"\"], \"top_k\": 1, \"candidates\": [\" was very\"]}";
    JsonNode answer = server.ask("/v1/next-token", several);

    assertThat(answer.propertyNames()).containsExactly("model", "results");
    assertThat(answer.get("results").size()).isEqualTo(2);
    String[] alone = {"The king", "<|endoftext|>"};
    for (int i = 0; i < 2; i++) {
      ObjectNode one =
          (ObjectNode)
              server.ask(
                  "/v1/next-token",
                  "{\"prompt\": \"%s\", \"top_k\": 1, \"candidates\": [\" was very\"]}"
                      .formatted(alone[i]));
      one.remove("model");
      assertThat(answer.get("results").get(i)).isEqualTo(one);
    }
    assertThat(answer.at("/results/0/top/0/token").stringValue()).isEqualTo(" was");
    assertThat(answer.at("/results/1/prompt_tokens").intValue()).isEqualTo(1);
    assertThat(server.ask("/v1/next-token", "{\"prompt\": [\"a\"]}").get("results").size())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | prompt | prompt and tokens are missing; send one of them.
          {"prompt": [1]} | prompt | prompt must be a string or an array of one or more strings; send token ids in tokens.
          {"prompt": "a", "top_k": 4097} | top_k | top_k must be between 0 and 4096, but is 4097.
          {"prompt": "a", "candidates": " x"} | candidates | candidates must be an array, but is the string " x".
          {"tokens": [4096]} | tokens | tokens[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          {"prompt": "a", "candidats": []} | candidats | candidats is not a field of this endpoint; did you mean 'candidates'?
          """)
  void whatIsWrongIsSaid(String body, String param, String message) throws IOException {
    RawHttp.Answer answer = server.post("/v1/next-token", body);

    assertThat(answer.status()).isEqualTo(400);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  @Test
  void theContextsEndIsToldWithBothNumbers() throws IOException {
    String full = "[" + "7,".repeat(511) + "7]";
    assertThat(server.ask("/v1/next-token", "{\"tokens\": " + full + "}").at("/top").size())
        .isEqualTo(10);

    RawHttp.Answer long513 =
        server.post("/v1/next-token", "{\"tokens\": " + full.replace("]", ",7]") + "}");
    assertThat(long513.status()).isEqualTo(400);
    assertThat(long513.body()).contains("context_length_exceeded", "512", "513");

    RawHttp.Answer candidate =
        server.post(
            "/v1/next-token", "{\"tokens\": " + full + ", \"candidates\": [\" was very\"]}");
    assertThat(candidate.body())
        .contains(
            "context_length_exceeded", "the prompt has 512 and a candidate has 2, 514 in total");
  }

  @Test
  void tokenizingIsTheReferencesAndComesBack() throws IOException {
    for (JsonNode example : golden("tokens")) {
      ObjectNode request = JSON.createObjectNode();
      request.set("text", example.get("text"));
      JsonNode answer = server.ask("/v1/tokenize", request.toString());

      assertThat(answer.propertyNames()).containsExactly("tokens", "count", "max_model_len");
      ArrayNode ids = JSON.createArrayNode();
      answer.get("tokens").forEach(token -> ids.add(token.get("id").intValue()));
      assertThat(ids).isEqualTo(example.get("token_ids"));
      assertThat(answer.get("count").intValue()).isEqualTo(ids.size());
      assertThat(answer.get("max_model_len").intValue()).isEqualTo(512);
      ObjectNode back = JSON.createObjectNode();
      back.set("tokens", ids);
      assertThat(server.ask("/v1/detokenize", back.toString()))
          .isEqualTo(JSON.createObjectNode().set("text", example.get("text")));

      ObjectNode vllm = JSON.createObjectNode().put("add_special_tokens", true);
      vllm.set("prompt", example.get("text"));
      JsonNode root = server.ask("/tokenize", vllm.toString());
      assertThat(root.get("tokens")).isEqualTo(ids);
      assertThat(root.get("count").intValue()).isEqualTo(ids.size());
      assertThat(root.get("max_model_len").intValue()).isEqualTo(512);
      assertThat(server.ask("/detokenize", back.toString()))
          .isEqualTo(JSON.createObjectNode().set("prompt", example.get("text")));
    }
  }

  @Test
  void tokensHaveBytesAndOffsetsInCodePoints() throws IOException {
    JsonNode tokens = server.ask("/v1/tokenize", "{\"text\": \"a🐉b\"}").get("tokens");

    assertThat(tokens)
        .isEqualTo(
            JSON.readTree(
                """
                [{"id": 64, "token": "a", "bytes": [97], "offset": 0},
                 {"id": 172, "token": "bytes:\\\\xf0", "bytes": [240], "offset": 1},
                 {"id": 253, "token": "bytes:\\\\x9f", "bytes": [159], "offset": 1},
                 {"id": 238, "token": "bytes:\\\\x90", "bytes": [144], "offset": 1},
                 {"id": 231, "token": "bytes:\\\\x89", "bytes": [137], "offset": 1},
                 {"id": 65, "token": "b", "bytes": [98], "offset": 2}]
                """));
  }

  @Test
  void theTokenizerSaysWhatItIs() throws IOException {
    RawHttp.Answer answer = get("/tokenizer_info");

    assertThat(JSON.readTree(answer.body()))
        .isEqualTo(
            JSON.readTree(
                """
                {"tokenizer_class": "GPT2Tokenizer", "model_max_length": 512,
                 "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
                 "unk_token": "<|endoftext|>", "add_prefix_space": false}
                """));
  }

  @Test
  void theModelIsDescribedUnderEachOfItsNames() throws IOException {
    JsonNode list = JSON.readTree(get("/v1/models").body());
    assertThat(list.get("object").stringValue()).isEqualTo("list");
    assertThat(list.get("data").size()).isEqualTo(3);
    JsonNode model = list.at("/data/0");
    assertThat(model.get("id").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(model.get("root").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(model.get("object").stringValue()).isEqualTo("model");
    assertThat(model.get("owned_by").stringValue()).isEqualTo("gpt2-server");
    assertThat(model.get("created").longValue()).isGreaterThan(1_700_000_000);
    assertThat(model.get("max_model_len").intValue()).isEqualTo(512);
    assertThat(model.get("vocab_size").intValue()).isEqualTo(4096);
    assertThat(model.get("parameters").longValue()).isEqualTo(server.model().parameters());
    assertThat(model.get("dtype").stringValue()).isEqualTo("float32");
    assertThat(model.get("device").stringValue()).isEqualTo("cpu");
    assertThat(model.get("kernels").stringValue())
        .isEqualTo(KernelLibrary.load().orElseThrow().variant());
    assertThat(model.get("arithmetic_check").doubleValue()).isBetween(1e-9, 1e-5);
    assertThat(model.has("revision")).isTrue();
    assertThat(model.get("chat").booleanValue()).isFalse();
    assertThat(model.get("n_layer").intValue()).isEqualTo(4);
    assertThat(model.get("n_head").intValue()).isEqualTo(5);
    assertThat(model.get("n_embd").intValue()).isEqualTo(320);
    assertThat(model.get("eos_token_ids").toString()).isEqualTo("[4095]");
    assertThat(model.get("generation_defaults"))
        .isEqualTo(
            JSON.readTree(
                """
                {"max_tokens":16,"n":1,"temperature":1.0,"top_p":1.0,"top_k":0,"min_p":0.0,
                 "typical_p":1.0,"repetition_penalty":1.0,"presence_penalty":0.0,
                 "frequency_penalty":0.0}
                """));
    assertThat(model.get("limits"))
        .isEqualTo(
            JSON.readTree(
                """
                {"max_sequences":128,"max_logprobs":4096,"max_inspect_values":5000000,
                 "max_body_bytes":8388608,"request_timeout_seconds":300.0,"clamp_max_tokens":false,
                 "strict_fields":false}
                """));
    assertThat(model.get("server_version"))
        .isEqualTo(JSON.readTree(get("/v3/api-docs").body()).at("/info/version"));

    List<String> names = List.of("gpt2-fairytales", "tales", "gpt2");
    for (int i = 0; i < names.size(); i++) {
      JsonNode entry = list.at("/data/" + i);
      assertThat(entry).isEqualTo(((ObjectNode) model.deepCopy()).put("id", names.get(i)));
      assertThat(JSON.readTree(get("/v1/models/" + names.get(i)).body())).isEqualTo(entry);
    }
    assertThat(JSON.readTree(get("/v1/models/openai/GPT2-FairyTales").body())).isEqualTo(model);
    for (String path :
        List.of("/v1/models/", "/openai/v1/models", "/openai/models?api-version=1")) {
      assertThat(JSON.readTree(get(path).body())).as(path).isEqualTo(list);
    }
    assertThat(JSON.readTree(get("/openai/v1/models/tales").body())).isEqualTo(list.at("/data/1"));
  }

  @ParameterizedTest
  @CsvSource({"someone/other, someone/other", "someone%2Fother, someone/other", "x%22y, x\"y"})
  void anotherModelIsNotFound(String path, String name) throws IOException {
    RawHttp.Answer answer = get("/v1/models/" + path);

    assertThat(answer.status()).isEqualTo(404);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("model_not_found");
    assertThat(error.get("message").stringValue()).startsWith("The model '" + name + "'");
  }

  private static RawHttp.Answer get(String path) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }

  /** The log-probability of tokens {@code from} to {@code to} of score.json's first text. */
  private static double scored(int from, int to) throws IOException {
    JsonNode logprobs = golden("score").get(0).get("logprobs");
    return IntStream.range(from, to).mapToDouble(i -> logprobs.get(i).doubleValue()).sum();
  }

  private static float[] floats(JsonNode array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).floatValue();
    }
    return floats;
  }

  private static JsonNode golden(String name) throws IOException {
    try (InputStream in = InsightIT.class.getResourceAsStream("/golden/" + name + ".json")) {
      return JSON.readTree(in);
    }
  }
}
