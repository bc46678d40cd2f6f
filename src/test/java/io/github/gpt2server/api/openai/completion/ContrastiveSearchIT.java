package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NaiveContrastiveSearch;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code penalty_alpha} over the wire, with the embedded model. */
class ContrastiveSearchIT {
  private static final String PATH = "/v1/completions";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PROMPT = "The king was very";

  private static LiveServer server;
  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void start() {
    server =
        new LiveServer(
            "--gpt2.dtype=float32", "--gpt2.max-sequences=6", "--gpt2.chat-template=plain");
    tokenizer = server.model().tokenizer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** The restatement reads vectors of {@code /v1/embeddings} and numbers of completions. */
  @Test
  void textsAreThoseOfAPlainRestatement() throws IOException {
    List<Integer> expected =
        new NaiveContrastiveSearch(3, 0.6, 8, 0, Set.of(4095))
            .search(
                IntStream.of(tokenizer.encode(PROMPT)).boxed().toList(), ContrastiveSearchIT::read);
    JsonNode choice = ask(request()).get("choices").get(0);
    assertThat(choice.get("token_ids")).isEqualTo(JSON.valueToTree(expected));
    ObjectNode greedy = request();
    greedy.remove(List.of("penalty_alpha", "top_k"));
    assertThat(ask(greedy.put("temperature", 0)).get("choices").get(0).get("token_ids"))
        .as("greedy tokens")
        .isNotEqualTo(choice.get("token_ids"));
  }

  private static NaiveContrastiveSearch.Reading read(List<Integer> text) {
    try {
      ObjectNode next =
          JSON.createObjectNode().put("max_tokens", 1).put("logprobs", tokenizer.vocabSize());
      next.set("prompt", JSON.valueToTree(text));
      JsonNode top = ask(next).get("choices").get(0).get("logprobs").get("top_logprobs").get(0);
      float[] logprobs = new float[tokenizer.vocabSize()];
      for (int token = 0; token < logprobs.length; token++) {
        logprobs[token] = top.get(tokenizer.token(token)).floatValue();
      }
      ObjectNode vectors = JSON.createObjectNode().put("pooling", "none").put("normalize", false);
      vectors.set("input", JSON.valueToTree(text));
      List<float[]> states = new ArrayList<>();
      for (JsonNode vector :
          server.ask("/v1/embeddings", vectors.toString()).get("data").get(0).get("embedding")) {
        float[] state = new float[vector.size()];
        for (int i = 0; i < state.length; i++) {
          state[i] = vector.get(i).floatValue();
        }
        states.add(state);
      }
      return new NaiveContrastiveSearch.Reading(logprobs, states);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void numbersEchoAndStreamsAreThoseOfAnyCompletion() throws IOException {
    ObjectNode request = request().put("logprobs", 1).put("echo", true);
    JsonNode choice = ask(request).get("choices").get(0);
    assertThat(choice.get("text").stringValue()).startsWith(PROMPT);
    ObjectNode scored = JSON.createObjectNode().put("max_tokens", 0);
    scored.put("echo", true).put("logprobs", 1);
    ArrayNode all = scored.putArray("prompt");
    choice.get("prompt_token_ids").forEach(all::add);
    choice.get("token_ids").forEach(all::add);
    assertThat(choice.get("logprobs").get("token_logprobs"))
        .isEqualTo(ask(scored).get("choices").get(0).get("logprobs").get("token_logprobs"));

    String whole = ask(request()).get("choices").get(0).get("text").stringValue();
    StringBuilder streamed = new StringBuilder();
    server
        .post(PATH, request().put("stream", true).toString())
        .body()
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .forEach(
            line ->
                streamed.append(
                    JSON.readTree(line.substring(6))
                        .get("choices")
                        .get(0)
                        .get("text")
                        .stringValue()));
    assertThat(streamed.toString()).isEqualTo(whole);
    String stop = whole.substring(4, 7);
    assertThat(ask(request().put("stop", stop)).get("choices").get(0).get("text").stringValue())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)));
  }

  @Test
  void moreCandidatesThanTheServerRunsAreRefused() throws IOException {
    JsonNode error = server.refusal(PATH, request().put("top_k", 7).toString());
    assertThat(error.get("param").stringValue()).isEqualTo("top_k");
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "7 candidates run at the same time, but this server runs at most 6 texts at once"
                + " (gpt2.max-sequences); use fewer.");
  }

  private static ObjectNode request() {
    return JSON.createObjectNode()
        .put("prompt", PROMPT)
        .put("penalty_alpha", 0.6)
        .put("top_k", 3)
        .put("max_tokens", 8)
        .put("return_token_ids", true);
  }

  private static JsonNode ask(ObjectNode request) throws IOException {
    return server.ask(PATH, request.toString());
  }
}
