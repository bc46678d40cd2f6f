package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.json.FieldTableTest;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What applications for writing with base models send, with the settings that they come with. The
 * server has the one setting that mikupad needs, which asks for 1,024 tokens.
 */
@OwnServer("--gpt2.clamp-max-tokens=true")
class TextApplicationsIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  /** As its OpenAI-compatible type sends them. */
  private static final String MIKUPAD =
      """
      {"model": "", "prompt": "Once upon a time", "temperature": 0.7, "repetition_penalty": 1.1,
       "repetition_penalty_range": 256, "penalize_nl": false,
       "presence_penalty": 0, "frequency_penalty": 0, "top_p": 0.95, "top_k": 40, "min_p": 0,
       "stream": true, "max_tokens": 1024, "logprobs": 10, "ban_eos_token": false}
      """;

  private static LiveServer server;

  @ParameterizedTest
  @ValueSource(strings = {FieldTableTest.SILLY_TAVERN, FieldTableTest.KOBOLD_LITE, MIKUPAD})
  void aTextIsCompletedAndAnotherOneEachTime(String body) throws IOException {
    Set<String> texts = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      texts.add(complete(shortened(body)));
    }

    assertThat(texts).hasSizeGreaterThan(1).doesNotContain("");
  }

  @Test
  void aSeedOfTheirsIsKept() throws IOException {
    ObjectNode body = shortened(FieldTableTest.SILLY_TAVERN).put("seed", 7).put("sampler_seed", 7);

    assertThat(complete(body)).isEqualTo(complete(body)).isNotEmpty();
  }

  /** No answer is longer than the context, whatever was asked for. */
  @Test
  void aTextMayRunToTheEndOfTheContext() throws IOException {
    ObjectNode body = (ObjectNode) JSON.readTree(MIKUPAD);
    body.put("ignore_eos", true).put("stream", false).put("top_k", 1);
    body.remove("ban_eos_token");
    JsonNode answer = server.ask("/v1/completions", body.toString());

    assertThat(answer.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
    assertThat(answer.at("/usage/total_tokens").intValue()).isEqualTo(512);
  }

  /** The same body with a bound that does not take long. */
  private static ObjectNode shortened(String body) {
    ObjectNode request = (ObjectNode) JSON.readTree(body);
    if (!request.path("model").stringValue("").isEmpty()) {
      // The one that was picked from the list.
      request.put("model", "gpt2-fairytales");
    }
    for (String field :
        Set.of("max_tokens", "max_new_tokens", "max_length", "n_predict", "num_predict")) {
      if (request.has(field)) {
        request.put(field, 24);
      }
    }
    return request;
  }

  private static String complete(ObjectNode body) throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", body.toString());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    if (!body.path("stream").booleanValue(false)) {
      return JSON.readTree(answer.body()).at("/choices/0/text").stringValue();
    }
    assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    StringBuilder text = new StringBuilder();
    answer
        .body()
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JSON.readTree(line.substring("data: ".length())))
        .forEach(chunk -> text.append(chunk.at("/choices/0/text").stringValue("")));
    return text.toString();
  }
}
