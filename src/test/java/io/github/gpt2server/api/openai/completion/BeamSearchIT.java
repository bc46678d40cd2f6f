package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NaiveBeamSearch;
import io.github.gpt2server.testing.NaiveRules;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code use_beam_search} over the wire, with the embedded model. */
class BeamSearchIT {
  private static final String PATH = "/v1/completions";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int END_OF_TEXT = 4095;
  private static final String PROMPT = "Once upon a time, there was a";

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

  @ParameterizedTest
  @CsvSource({
    "4, 4, 1, false, 14",
    "2, 6, 1, true, 14",
    "3, 5, 0, never, 12",
    "1, 3, 2, false, 20",
    "2, 4, -1, true, 12"
  })
  void textsAreThoseOfAPlainRestatement(
      int n, int beams, double lengthPenalty, String earlyStopping, int maxTokens)
      throws IOException {
    ObjectNode request = request(n, beams, maxTokens);
    request.put("length_penalty", lengthPenalty).put("logprobs", 2);
    int stop = tokenizer.encode(".")[0];
    request.set("stop_token_ids", JSON.createArrayNode().add(stop));
    if (earlyStopping.equals("never")) {
      request.put("early_stopping", "never");
    } else {
      request.put("early_stopping", Boolean.parseBoolean(earlyStopping));
    }
    List<NaiveBeamSearch.Text> expected =
        new NaiveBeamSearch(
                beams,
                maxTokens,
                0,
                Set.of(END_OF_TEXT, stop),
                tokens -> false,
                lengthPenalty,
                earlyStopping)
            .search(tokens -> logprobs(tokenizer.encode(PROMPT), tokens));
    JsonNode answer = ask(request);
    assertThat(answer.get("choices")).hasSize(n);
    int generated = 0;
    for (int i = 0; i < n; i++) {
      JsonNode choice = answer.get("choices").get(i);
      List<Integer> tokens = expected.get(i).tokens();
      assertThat(choice.get("index").intValue()).isEqualTo(i);
      assertThat(choice.get("token_ids")).isEqualTo(JSON.valueToTree(tokens));
      assertThat(choice.get("logprobs").get("token_logprobs"))
          .isEqualTo(JSON.readTree(JSON.writeValueAsString(expected.get(i).logprobs())));
      assertThat(choice.get("logprobs").get("top_logprobs").get(0).size()).isBetween(2, 3);
      boolean ended = tokens.get(tokens.size() - 1) == stop;
      assertThat(choice.get("finish_reason").stringValue()).isEqualTo(ended ? "stop" : "length");
      assertThat(choice.get("stop_reason").isNull()).isEqualTo(!ended);
      int[] shown =
          tokens.stream().mapToInt(Integer::intValue).filter(token -> token != stop).toArray();
      assertThat(choice.get("text").stringValue()).isEqualTo(tokenizer.decode(shown));
      generated += tokens.size();
    }
    assertThat(answer.get("usage").get("completion_tokens").intValue()).isEqualTo(generated);
    // Temperatures that change nothing, a seed, and the prefix cache, change nothing.
    request.put("temperature", 0).put("seed", 4);
    assertThat(ask(request).get("choices")).isEqualTo(answer.get("choices"));
  }

  @Test
  void rulesEditTheLogProbabilitiesOfTheSearchAlone() throws IOException {
    ObjectNode request = request(2, 4, 12).put("logprobs", 0);
    List<List<Integer>> free = tokens(ask(request));
    request.put("no_repeat_ngram_size", 2).put("repetition_penalty", 1.3);
    request.put("presence_penalty", 0.4);
    request.set("bad_words", JSON.createArrayNode().add("time"));
    request.set("logit_bias", JSON.createObjectNode().put("" + tokenizer.encode(" king")[0], 3));
    SamplingParameters rules =
        new SamplingParameters(
                0, 0, 1, 0, 1, 1.3, 0.4, 0, Map.of(tokenizer.encode(" king")[0], 3f), 0, 0)
            .withDecoding(
                new DecodingRules(
                    null,
                    List.of(tokenizer.encode("time"), tokenizer.encode(" time")),
                    2,
                    null,
                    null,
                    null));
    List<NaiveBeamSearch.Text> expected =
        new NaiveBeamSearch(4, 12, 0, Set.of(END_OF_TEXT), tokens -> false, 1, "false")
            .search(
                tokens -> logprobs(tokenizer.encode(PROMPT), tokens),
                NaiveRules.of(tokenizer.encode(PROMPT), rules)::edit);
    JsonNode answer = ask(request);
    assertThat(tokens(answer))
        .isEqualTo(expected.subList(0, 2).stream().map(NaiveBeamSearch.Text::tokens).toList())
        .isNotEqualTo(free);
    assertThat(answer.get("choices").get(0).get("logprobs").get("token_logprobs"))
        .as("the model's own")
        .isEqualTo(JSON.readTree(JSON.writeValueAsString(expected.get(0).logprobs())));
  }

  private static List<List<Integer>> tokens(JsonNode answer) {
    List<List<Integer>> tokens = new ArrayList<>();
    for (JsonNode choice : answer.get("choices")) {
      List<Integer> own = new ArrayList<>();
      choice.get("token_ids").forEach(token -> own.add(token.intValue()));
      tokens.add(own);
    }
    return tokens;
  }

  @Test
  void fewerTextsThanAreAskedForAreRefused() throws IOException {
    ObjectNode request = request(3, 4, 1);
    request.set("allowed_token_ids", JSON.createArrayNode().add(5).add(6));
    assertThat(server.refusal(PATH, request.toString()).get("message").stringValue())
        .isEqualTo(
            "The request's fields leave 2 of the 3 texts that n asks for: allowed_token_ids,"
                + " bad_words, no_repeat_ngram_size, min_tokens and max_tokens together exclude all"
                + " others. Relax one of them, or ask for fewer texts.");
    assertThat(tokens(ask(request.put("n", 2)))).containsExactlyInAnyOrder(List.of(5), List.of(6));
  }

  /** The log-probabilities of all tokens after a text, which is read from its beginning. */
  private static float[] logprobs(int[] prompt, List<Integer> tokens) {
    ObjectNode request =
        JSON.createObjectNode().put("max_tokens", 1).put("logprobs", tokenizer.vocabSize());
    request.put("cache_salt", "none " + tokens);
    request.set(
        "prompt",
        JSON.valueToTree(
            IntStream.concat(IntStream.of(prompt), tokens.stream().mapToInt(Integer::intValue))
                .toArray()));
    try {
      JsonNode top = ask(request).get("choices").get(0).get("logprobs").get("top_logprobs").get(0);
      float[] logprobs = new float[tokenizer.vocabSize()];
      for (int token = 0; token < logprobs.length; token++) {
        logprobs[token] = top.get(tokenizer.token(token)).floatValue();
      }
      return logprobs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void textsEndBeforeAStopString() throws IOException {
    ObjectNode request = request(2, 4, 12);
    String free = ask(request).get("choices").get(0).get("text").stringValue();
    String stop = free.substring(free.length() / 2, free.length() / 2 + 3);
    request.put("stop", stop);
    List<NaiveBeamSearch.Text> expected =
        new NaiveBeamSearch(
                4,
                12,
                0,
                Set.of(END_OF_TEXT),
                tokens ->
                    tokenizer
                        .decode(tokens.stream().mapToInt(Integer::intValue).toArray())
                        .contains(stop),
                1,
                "false")
            .search(tokens -> logprobs(tokenizer.encode(PROMPT), tokens));
    int stopped = 0;
    JsonNode choices = ask(request).get("choices");
    for (int i = 0; i < 2; i++) {
      assertThat(choices.get(i).get("token_ids"))
          .isEqualTo(JSON.valueToTree(expected.get(i).tokens()));
      assertThat(choices.get(i).get("text").stringValue()).doesNotContain(stop);
      stopped += choices.get(i).get("stop_reason").isNull() ? 0 : 1;
    }
    assertThat(stopped).isPositive();
  }

  @Test
  void echoScoresThePromptOfEachText() throws IOException {
    ObjectNode request = request(3, 4, 5);
    request.put("echo", true).put("logprobs", 1);
    ObjectNode scored = JSON.createObjectNode().put("prompt", PROMPT).put("max_tokens", 0);
    scored.put("echo", true).put("logprobs", 1);
    JsonNode prompt = ask(scored).get("choices").get(0).get("logprobs").get("token_logprobs");
    for (JsonNode choice : ask(request).get("choices")) {
      assertThat(choice.get("text").stringValue()).startsWith(PROMPT);
      JsonNode logprobs = choice.get("logprobs").get("token_logprobs");
      assertThat(logprobs).hasSize(prompt.size() + 5);
      for (int i = 0; i < prompt.size(); i++) {
        assertThat(logprobs.get(i)).isEqualTo(prompt.get(i));
      }
    }
  }

  @Test
  void promptsAreSearchedApartAndChatsToo() throws IOException {
    ObjectNode both = request(2, 3, 6);
    both.set("prompt", JSON.valueToTree(List.of(PROMPT, "The king")));
    JsonNode choices = ask(both).get("choices");
    JsonNode king = ask(request(2, 3, 6).put("prompt", "The king")).get("choices");
    assertThat(choices).hasSize(4);
    for (int i = 0; i < 2; i++) {
      assertThat(choices.get(2 + i).get("token_ids")).isEqualTo(king.get(i).get("token_ids"));
    }
    JsonNode chat =
        server.ask(
            "/v1/chat/completions",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Tell me.\"}],\"n\":3,"
                + "\"use_beam_search\":true,\"max_tokens\":6,\"return_token_ids\":true}");
    ObjectNode same = request(3, 3, 6);
    same.set("prompt", chat.get("choices").get(0).get("prompt_token_ids"));
    same.set("stop", JSON.valueToTree(List.of("\nUser:")));
    JsonNode completions = ask(same).get("choices");
    for (int i = 0; i < 3; i++) {
      assertThat(chat.get("choices").get(i).get("token_ids"))
          .isEqualTo(completions.get(i).get("token_ids"));
    }
  }

  @Test
  void moreBeamsThanTheServerRunsAreRefused() throws IOException {
    JsonNode error = server.refusal(PATH, request(2, 7, 6).toString());
    assertThat(error.get("param").stringValue()).isEqualTo("best_of");
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "7 beams run at the same time, but this server runs at most 6 texts at once"
                + " (gpt2.max-sequences); use fewer.");
  }

  private static ObjectNode request(int n, int beams, int maxTokens) {
    return JSON.createObjectNode()
        .put("prompt", PROMPT)
        .put("use_beam_search", true)
        .put("n", n)
        .put("best_of", beams)
        .put("max_tokens", maxTokens)
        .put("return_token_ids", true);
  }

  private static JsonNode ask(ObjectNode request) throws IOException {
    return server.ask(PATH, request.toString());
  }
}
