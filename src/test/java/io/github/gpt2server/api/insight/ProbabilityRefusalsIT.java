package io.github.gpt2server.api.insight;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * What the endpoints for probabilities refuse: the message has field, value, limit and what to do.
 */
@SharedServer
class ProbabilityRefusalsIT {
  private static LiveServer server;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /v1/completions | {"logprobs": 4097} | logprobs | logprobs must be between 0 and 4096, but is 4097.
          /v1/completions | {"logprobs": true} | logprobs | logprobs must be an integer, but is true.
          /v1/completions | {"best_of": 2, "stream": true} | best_of | best_of = 2 cannot be streamed with n = 1: the best choices are known only at the end. Remove best_of or stream.
          """)
  void aRefusalSaysWhatIsWrongAndHowToFixIt(String path, String json, String param, String message)
      throws IOException {
    JsonNode error = server.refusal(path, json);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /v1/next-token | {"prompt": "%s"} | prompt
          /v1/next-token | {"prompt": "a", "candidates": ["%s"]} | candidates
          /v1/score | {"prompt": "a", "continuations": ["%s"]} | continuations
          /v1/completions | {"prompt": "%s", "echo": true, "logprobs": 0, "max_tokens": 0} | prompt
          """)
  void whatDoesNotFitTheContextSaysBothNumbers(String path, String json, String param)
      throws IOException {
    JsonNode error = server.refusal(path, json.formatted(" king".repeat(600)));
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("message").stringValue()).contains("512").containsAnyOf("600", "601");
  }
}
