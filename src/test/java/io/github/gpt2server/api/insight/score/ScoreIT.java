package io.github.gpt2server.api.insight.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Scores over the wire with the embedded model, against numbers computed elsewhere. */
@SharedServer
class ScoreIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;

  /** The third text is longer than the context: windows of 512 that begin 256 apart. */
  @Test
  void textsHaveTheReferencesScores() throws IOException {
    for (JsonNode golden : golden()) {
      JsonNode score = server.ask("/v1/score", "{\"text\":%s}".formatted(golden.get("text")));

      JsonNode tokens = score.get("tokens");
      assertThat(tokens).hasSize(golden.get("token_ids").size());
      for (int i = 0; i < tokens.size(); i++) {
        JsonNode token = tokens.get(i);
        assertThat(token.get("token_id")).isEqualTo(golden.get("token_ids").get(i));
        if (i == 0) {
          assertThat(token.get("logprob").isNull()).isTrue();
          assertThat(token.get("rank").isNull()).isTrue();
        } else {
          double logprob = golden.get("logprobs").get(i).doubleValue();
          assertThat(token.get("logprob").doubleValue()).isCloseTo(logprob, within(1e-4));
          assertThat(token.get("surprisal_bits").doubleValue())
              .isCloseTo(-logprob / Math.log(2), within(2e-4));
          if (golden.has("ranks")) {
            assertThat(token.get("rank")).isEqualTo(golden.get("ranks").get(i));
          }
        }
      }
      double nats = golden.get("nats").doubleValue();
      int scored = tokens.size() - 1;
      assertThat(score.get("scored_tokens").intValue()).isEqualTo(scored);
      assertThat(score.get("log_likelihood").doubleValue()).isCloseTo(nats, within(1e-2));
      assertThat(score.get("bits_per_byte").doubleValue())
          .isCloseTo(golden.get("bits_per_byte").doubleValue(), within(1e-4));
      assertThat(score.get("perplexity").doubleValue())
          .isCloseTo(Math.exp(-nats / scored), within(1e-3));
    }
  }

  @Test
  void entropyIsThatOfTheNextTokensDistribution() throws IOException {
    JsonNode token =
        server
            .ask("/v1/score", "{\"text\":\"The king was\",\"top_logprobs\":2}")
            .get("tokens")
            .get(2);
    JsonNode next =
        server.ask(
            "/v1/next-token", "{\"prompt\":\"The king\",\"top_k\":2,\"candidates\":[\" was\"]}");
    assertThat(token.get("entropy_bits").doubleValue())
        .isCloseTo(next.get("entropy_bits").doubleValue(), within(1e-4));
    assertThat(token.get("rank")).isEqualTo(next.get("candidates").get(0).get("rank"));
    for (int i = 0; i < 2; i++) {
      JsonNode likely = token.get("top_logprobs").get(i);
      assertThat(likely.get("token_id")).isEqualTo(next.get("top").get(i).get("token_id"));
      assertThat(likely.get("logprob").doubleValue())
          .isCloseTo(next.get("top").get(i).get("logprob").doubleValue(), within(1e-4));
    }
  }

  @Test
  void withEndOfTextBeforeItTheFirstTokenIsScoredToo() throws IOException {
    JsonNode score = server.ask("/v1/score", "{\"text\":\"The king\",\"add_bos\":true}");
    JsonNode next =
        server.ask("/v1/next-token", "{\"prompt\":\"\",\"candidates\":[\"The\",\"The king\"]}");
    assertThat(score.get("tokens")).hasSize(2);
    assertThat(score.get("scored_tokens").intValue()).isEqualTo(2);
    assertThat(score.get("log_likelihood").doubleValue())
        .isCloseTo(next.get("candidates").get(1).get("logprob").doubleValue(), within(1e-4));
  }

  @Test
  void severalTextsComeInTheirOrderAndEmptyOnesHaveNothing() throws IOException {
    JsonNode answer = server.ask("/v1/score", "{\"text\":[\"The king\",\"\",\"a\"]}");
    assertThat(answer.get("results")).hasSize(3);
    assertThat(answer.get("results").get(0).get("scored_tokens").intValue()).isEqualTo(1);
    assertThat(answer.get("results").get(1).get("tokens")).isEmpty();
    assertThat(answer.get("results").get(2).get("tokens")).hasSize(1);
    assertThat(answer.get("results").get(2).get("perplexity").isNull()).isTrue();
  }

  @Test
  void aStreamTellsItsProgressThenTheSameResult() throws IOException {
    String text = golden().get(2).get("text").toString();
    String whole = server.post("/v1/score", "{\"text\":%s}".formatted(text)).body();
    String stream =
        server.post("/v1/score", "{\"text\":%s,\"stream\":true}".formatted(text)).body();
    String[] events = stream.split("\n\n", -1);
    assertThat(events)
        .startsWith(
            "event: progress\ndata: {\"scored_tokens\":511,\"total_tokens\":1136}",
            "event: progress\ndata: {\"scored_tokens\":767,\"total_tokens\":1136}",
            "event: progress\ndata: {\"scored_tokens\":1023,\"total_tokens\":1136}",
            "event: progress\ndata: {\"scored_tokens\":1136,\"total_tokens\":1136}")
        .hasSize(7);
    assertThat(JSON.readTree(events[4].substring("data: ".length())))
        .isEqualTo(JSON.readTree(whole));
    assertThat(events[5]).isEqualTo("data: [DONE]");
  }

  @Test
  void continuationsAreRankedByTheirLikelihood() throws IOException {
    JsonNode ranked =
        server
            .ask(
                "/v1/score",
                "{\"prompt\":\"The king\",\"continuations\":[\" zebra\",\" was very angry\",\" was\"]}")
            .get("continuations");
    JsonNode next =
        server
            .ask(
                "/v1/next-token",
                "{\"prompt\":\"The king\",\"candidates\":[\" zebra\",\" was very angry\",\" was\"]}")
            .get("candidates");
    assertThat(ranked.valueStream().map(c -> c.get("text").stringValue()))
        .containsExactly(" was", " was very angry", " zebra");
    int[] order = {2, 1, 0};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      JsonNode continuation = ranked.get(i);
      assertThat(continuation.get("rank").intValue()).isEqualTo(i + 1);
      assertThat(continuation.get("log_likelihood").doubleValue())
          .isCloseTo(next.get(order[i]).get("logprob").doubleValue(), within(1e-3));
      assertThat(continuation.get("token_ids")).isEqualTo(next.get(order[i]).get("token_ids"));
      sum += continuation.get("probability").doubleValue();
    }
    assertThat(sum).isCloseTo(1, within(1e-9));
    assertThat(ranked.get(0).get("is_greedy").booleanValue()).isTrue();
    assertThat(ranked.get(1).get("is_greedy").booleanValue()).isTrue();
    assertThat(ranked.get(2).get("is_greedy").booleanValue()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | text | text is missing; send text, or prompt with continuations.",
        "{\"text\":5} | text | text must be a string or an array of strings, but is 5.",
        "{\"text\":\"a\",\"stride\":512} | stride | stride must be between 1 and 511, but is 512.",
        "{\"prompt\":\"a\",\"continuations\":[\"\"]} | continuations | continuations[0] is empty; remove it, or send at least one character.",
      })
  void whatIsWrongIsSaid(String body, String param, String message) throws IOException {
    RawHttp.Answer answer = server.post("/v1/score", body);
    assertThat(answer.status()).isEqualTo(400);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  private static JsonNode golden() throws IOException {
    try (InputStream in = ScoreIT.class.getResourceAsStream("/golden/score.json")) {
      return JSON.readTree(in);
    }
  }
}
