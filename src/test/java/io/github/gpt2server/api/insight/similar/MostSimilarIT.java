package io.github.gpt2server.api.insight.similar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Neighbors in the token embedding over the wire, against numbers computed elsewhere. */
@SharedServer
class MostSimilarIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;

  @Test
  void neighborsAreTheGoldenOnes() throws IOException {
    try (InputStream in = MostSimilarIT.class.getResourceAsStream("/golden/nearest-tokens.json")) {
      JsonNode golden = JSON.readTree(in);
      assertThat(golden.size()).isEqualTo(4);
      for (JsonNode word : golden) {
        ObjectNode request = JSON.createObjectNode().put("top_k", 5);
        request.putArray("positive").add(word.get("text"));
        JsonNode results = ask(request.toString());
        assertThat(results.size()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
          JsonNode result = results.get(i);
          assertThat(result.propertyNames()).containsExactly("token_id", "token", "similarity");
          assertThat(result.get("token_id")).isEqualTo(word.get("nearest").get(i).get(0));
          assertThat(result.get("similarity").doubleValue())
              .isCloseTo(word.get("nearest").get(i).get(1).doubleValue(), within(1e-5));
        }
      }
    }
  }

  @Test
  void termsAreAddedAndSubtracted() throws IOException {
    JsonNode results =
        ask("{\"positive\":[\" queen\",\" man\"],\"negative\":[\" king\"],\"top_k\":2}");
    assertThat(results.get(0).get("token").stringValue()).isEqualTo(" woman");
    assertThat(results.get(0).get("similarity").doubleValue()).isCloseTo(0.567922, within(1e-5));
    assertThat(results.get(1).get("token").stringValue()).isEqualTo(" girl");
    assertThat(results.get(1).get("similarity").doubleValue()).isCloseTo(0.431386, within(1e-5));
    JsonNode opposite = ask("{\"negative\":[\" king\"],\"top_k\":4095}");
    JsonNode nearest = ask("{\"positive\":[\" king\"],\"top_k\":1}");
    assertThat(opposite.get(4094).get("token_id")).isEqualTo(nearest.get(0).get("token_id"));
    assertThat(opposite.get(4094).get("similarity").doubleValue())
        .isCloseTo(-nearest.get(0).get("similarity").doubleValue(), within(1e-6));
  }

  @Test
  void allTokensButTheGivenOnesMayBeAskedFor() throws IOException {
    JsonNode results = ask("{\"positive\":[\" king\",\" king\",\" queen\"],\"top_k\":4096}");
    assertThat(results.size()).isEqualTo(4094);
    assertThat(results.valueStream().map(result -> result.get("token_id").intValue()))
        .doesNotHaveDuplicates()
        .doesNotContain(553, 1076);
    assertThat(ask("{\"positive\":[\" king\"]}").size()).isEqualTo(10);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | positive | positive and negative are empty; send at least one term, such as \" king\".",
        "{\"positive\":\" king\"} | positive | positive must be an array, but is the string \" king\".",
        "{\"positive\":[553]} | positive[0] | positive[0] must be a string, but is 553.",
        "{\"positive\":[\" king\",\"queen\"]} | positive | positive[1] must be one token, but \"queen\" is 2 tokens: \"qu\", \"een\"; with a leading space, \" queen\", it is one.",
        "{\"positive\":[\" king\"],\"top_k\":4097} | top_k | top_k must be between 1 and 4096, but is 4097.",
      })
  void whatIsWrongIsSaid(String body, String param, String message) throws IOException {
    JsonNode error = server.refusal("/v1/most-similar", body);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  @Test
  void tooManyTermsAndLongOnesAreRefused() throws IOException {
    String terms = "\" king\",".repeat(100) + "\" king\"";
    assertThat(
            server
                .refusal("/v1/most-similar", "{\"positive\":[" + terms + "]}")
                .get("message")
                .stringValue())
        .isEqualTo(
            "positive may hold at most 100 texts, but holds more; send fewer in one request.");
    assertThat(
            server
                .refusal("/v1/most-similar", "{\"positive\":[\"" + "x y ".repeat(500) + "\"]}")
                .get("message")
                .stringValue())
        .hasSizeLessThan(300);
  }

  private static JsonNode ask(String body) throws IOException {
    return server.ask("/v1/most-similar", body).get("results");
  }
}
