package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code logprobs}, {@code echo} and {@code best_of} over the wire, against golden numbers. */
@SharedServer
class LogprobsIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;

  @Test
  void anEchoedPromptIsScoredWithTheReferencesLogProbabilities() throws IOException {
    for (int example = 0; example < 2; example++) {
      JsonNode golden = golden("score.json").get(example);
      JsonNode choice =
          choice(
              "{\"prompt\":%s,\"echo\":true,\"logprobs\":0,\"max_tokens\":0}"
                  .formatted(golden.get("text")));

      assertThat(choice.get("text")).isEqualTo(golden.get("text"));
      assertThat(choice.get("finish_reason").stringValue()).isEqualTo("length");
      JsonNode logprobs = choice.get("logprobs");
      JsonNode tokens =
          server.ask("/v1/tokenize", "{\"text\":%s}".formatted(golden.get("text"))).get("tokens");
      assertThat(logprobs.get("token_logprobs")).hasSize(golden.get("token_ids").size());
      assertThat(logprobs.get("token_logprobs").get(0).isNull()).isTrue();
      assertThat(logprobs.get("top_logprobs").get(0).isNull()).isTrue();
      for (int i = 0; i < tokens.size(); i++) {
        assertThat(logprobs.get("tokens").get(i)).isEqualTo(tokens.get(i).get("token"));
        assertThat(logprobs.get("text_offset").get(i)).isEqualTo(tokens.get(i).get("offset"));
        if (i > 0) {
          JsonNode logprob = logprobs.get("token_logprobs").get(i);
          assertThat(logprob.doubleValue())
              .isCloseTo(golden.get("logprobs").get(i).doubleValue(), within(1e-4));
          JsonNode top = logprobs.get("top_logprobs").get(i);
          assertThat(top).hasSize(1);
          assertThat(top.get(tokens.get(i).get("token").stringValue())).isEqualTo(logprob);
        }
      }
    }
  }

  @Test
  void theLikeliestTokensAreThoseOfNextToken() throws IOException {
    JsonNode next =
        server.ask("/v1/next-token", "{\"prompt\":\"The king\",\"top_k\":5}").get("top");
    JsonNode logprobs =
        choice("{\"prompt\":\"The king\",\"logprobs\":5,\"max_tokens\":1,\"temperature\":0}")
            .get("logprobs");

    JsonNode top = logprobs.get("top_logprobs").get(0);
    assertThat(top.propertyNames())
        .containsExactlyElementsOf(
            IntStream.range(0, 5).mapToObj(i -> next.get(i).get("token").stringValue()).toList());
    for (JsonNode token : next) {
      assertThat(top.get(token.get("token").stringValue()).doubleValue())
          .isCloseTo(token.get("logprob").doubleValue(), within(1e-4));
    }
    assertThat(logprobs.get("text_offset").get(0).intValue()).isEqualTo("The king".length());
  }

  @Test
  void theWholeVocabularySumsToOneAndNamesEveryTokenOnce() throws IOException {
    JsonNode logprobs =
        choice("{\"prompt\":\"The king\",\"logprobs\":4096,\"max_tokens\":2,\"seed\":1}")
            .get("logprobs");
    for (int i = 0; i < 2; i++) {
      JsonNode top = logprobs.get("top_logprobs").get(i);
      assertThat(top).hasSize(4096);
      double sum = 0;
      for (JsonNode logprob : top) {
        sum += Math.exp(logprob.doubleValue());
      }
      assertThat(sum).isCloseTo(1, within(1e-4));
      assertThat(top.get(logprobs.get("tokens").get(i).stringValue()))
          .isEqualTo(logprobs.get("token_logprobs").get(i));
    }
  }

  /** A stream says the same as a whole answer, whatever is combined. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"prompt\":\"The king\",\"logprobs\":3",
        "\"prompt\":\"The king\",\"echo\":true",
        "\"prompt\":[\"The king\",\"Once caf\u00e9 \ud83d\udc09\"],\"n\":2,\"echo\":true,\"logprobs\":2",
        "\"prompt\":[[127],[64,65]],\"echo\":true,\"logprobs\":1,\"max_tokens\":0",
        "\"prompt\":\"The king\",\"logprobs\":0,\"stop\":[\" the\",\"e\",\"zz\"]",
        "\"prompt\":\"The king\",\"logprobs\":2,\"stop\":\" a\",\"include_stop_str_in_output\":true",
        "\"prompt\":\"x\",\"logprobs\":1,\"temperature\":2,\"logit_bias\":{\"172\":9,\"253\":9,\"238\":9}",
        "\"logprobs\":1,\"logprob_token_ids\":[7,4095],\"return_token_ids\":true",
      })
  void streamedAndWholeAgree(String fields) throws IOException {
    String request = "{%s,\"seed\":7%s}";
    JsonNode whole = server.ask("/v1/completions", request.formatted(fields, "")).get("choices");
    String body =
        server.post("/v1/completions", request.formatted(fields, ",\"stream\":true")).body();
    for (JsonNode choice : whole) {
      StringBuilder text = new StringBuilder();
      List<JsonNode> tokens = new ArrayList<>();
      List<JsonNode> rest = new ArrayList<>();
      for (String event : body.split("\n\n", -1)) {
        if (event.startsWith("data: {")) {
          JsonNode part = JSON.readTree(event.substring(6)).get("choices").get(0);
          if (part.get("index").equals(choice.get("index"))) {
            text.append(part.get("text").stringValue());
            if (part.get("logprobs").isObject()) {
              part.get("logprobs").get("tokens").forEach(tokens::add);
              for (String list : List.of("token_logprobs", "top_logprobs", "text_offset")) {
                part.get("logprobs").get(list).forEach(rest::add);
              }
            }
          }
        }
      }
      assertThat(text).hasToString(choice.get("text").stringValue());
      JsonNode logprobs = choice.get("logprobs");
      assertThat(tokens).hasSize(logprobs.isNull() ? 0 : logprobs.get("tokens").size());
      if (logprobs.isObject()) {
        assertThat(tokens).containsExactlyElementsOf(logprobs.get("tokens").values());
        List<JsonNode> all = new ArrayList<>();
        for (String list : List.of("token_logprobs", "top_logprobs", "text_offset")) {
          all.addAll(logprobs.get(list).values());
        }
        assertThat(rest).containsExactlyInAnyOrderElementsOf(all);
      }
    }
  }

  @Test
  void nothingStandsPastAStopString() throws IOException {
    String request = "{\"prompt\":\"The king\",\"temperature\":0,\"logprobs\":0%s}";
    JsonNode free = choice(request.formatted(""));
    JsonNode stopped = choice(request.formatted(",\"stop\":\"very\""));
    assertThat(free.get("text").stringValue()).startsWith(" was very angry");
    assertThat(stopped.get("text").stringValue()).isEqualTo(" was ");
    JsonNode logprobs = stopped.get("logprobs");
    assertThat(logprobs.get("tokens").toString()).isEqualTo("[\" was\",\" very\"]");
    assertThat(logprobs.get("text_offset").toString()).isEqualTo("[8,12]");
  }

  @Test
  void endOfTextStandsInTheTokensButNotInTheText() throws IOException {
    JsonNode choice =
        choice("{\"prompt\":\"The king\",\"logprobs\":1,\"logit_bias\":{\"4095\":100}}");
    assertThat(choice.get("text").stringValue()).isEmpty();
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(choice.get("stop_reason").intValue()).isEqualTo(4095);
    assertThat(choice.get("logprobs").get("tokens").toString()).isEqualTo("[\"<|endoftext|>\"]");
    // The model's own log-probability, without the bias.
    assertThat(choice.get("logprobs").get("token_logprobs").get(0).doubleValue()).isLessThan(-5);
  }

  @Test
  void tokensAskedForByIdAreReportedEverywhere() throws IOException {
    JsonNode choice =
        choice("{\"prompt\":\"The king\",\"logprob_token_ids\":[309,11],\"max_tokens\":3}");
    for (JsonNode top : choice.get("logprobs").get("top_logprobs")) {
      assertThat(top.propertyNames()).contains(" was", ",");
    }
    double was = choice.get("logprobs").get("top_logprobs").get(0).get(" was").doubleValue();
    JsonNode next =
        server.ask("/v1/next-token", "{\"prompt\":\"The king\",\"candidates\":[\" was\"]}");
    assertThat(was)
        .isCloseTo(next.get("candidates").get(0).get("logprob").doubleValue(), within(1e-4));
  }

  @Test
  void bestOfReturnsTheLikeliestPerTokenOfWhatItGenerates() throws IOException {
    String request = "{\"prompt\":\"The king\",\"seed\":3,\"max_tokens\":12%s}";
    JsonNode all =
        server.ask("/v1/completions", request.formatted(",\"n\":6,\"logprobs\":0")).get("choices");
    JsonNode best = server.ask("/v1/completions", request.formatted(",\"n\":2,\"best_of\":6"));
    List<String> expected =
        all.valueStream()
            .sorted(Comparator.comparingDouble(choice -> -mean(choice)))
            .limit(2)
            .map(choice -> choice.get("text").stringValue())
            .toList();
    assertThat(best.get("choices").valueStream().map(c -> c.get("text").stringValue()))
        .containsExactlyElementsOf(expected);
    assertThat(best.get("choices").get(0).get("logprobs").isNull()).isTrue();
    assertThat(best.get("choices").get(1).get("index").intValue()).isEqualTo(1);
    assertThat(best.get("usage").get("completion_tokens").intValue()).isEqualTo(72);
    Set<String> texts = new HashSet<>();
    all.forEach(choice -> texts.add(choice.get("text").stringValue()));
    assertThat(texts).as("six different choices").hasSize(6);
  }

  @Test
  void noTokensAreGeneratedOnlyForAnEcho() throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":0}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(JSON.readTree(answer.body()).get("error").get("message").stringValue())
        .isEqualTo(
            "max_tokens must be at least 1, but is 0. To score the prompt alone, set echo: true.");
  }

  private static double mean(JsonNode choice) {
    return choice
        .get("logprobs")
        .get("token_logprobs")
        .valueStream()
        .mapToDouble(JsonNode::doubleValue)
        .average()
        .orElseThrow();
  }

  private static JsonNode choice(String request) throws IOException {
    return server.ask("/v1/completions", request).get("choices").get(0);
  }

  private static JsonNode golden(String name) throws IOException {
    try (InputStream in = LogprobsIT.class.getResourceAsStream("/golden/" + name)) {
      return JSON.readTree(in);
    }
  }
}
