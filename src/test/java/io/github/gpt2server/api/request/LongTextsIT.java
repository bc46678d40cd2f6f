package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Texts of very many characters without a space: refused unread, or read in segments. */
@SharedServer
class LongTextsIT {
  private static final int LENGTH = 100_000;

  /** Bytes of the longest token, {@code <|endoftext|>}. */
  private static final int LONGEST = 13;

  private static LiveServer server;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /v1/completions | {"prompt": "%s"} | prompt | prompt
          /v1/completions | {"prompt": ["a", "%s"]} | prompt | prompt[1]
          /v1/completions | {"prompt": "%s", "max_tokens": 0, "echo": true} | prompt | prompt
          /v1/embeddings | {"input": ["%s"]} | input | input[0]
          /v1/next-token | {"prompt": "%s"} | prompt | prompt
          /v1/next-token | {"prompt": "a", "candidates": ["b", "%s"]} | candidates | candidates[1]
          /v1/score | {"prompt": "%s", "continuations": ["b"]} | prompt | prompt
          /v1/score | {"prompt": "a", "continuations": ["%s"]} | continuations | continuations[0]
          /v1/inspect | {"prompt": "%s"} | prompt | prompt
          """)
  void whatCannotFitTheContextIsRefusedWithoutReadingIt(
      String path, String json, String param, String place) throws IOException {
    JsonNode error = server.refusal(path, json.formatted("a".repeat(LENGTH)));
    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "This model's context holds 512 tokens, but %s has at least %d; shorten it."
                .formatted(place, 1 + LENGTH / LONGEST));
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
  }

  @Test
  void aPromptThatIsCutMayHaveAnyLength() throws IOException {
    JsonNode answer =
        server.ask(
            "/v1/completions",
            "{\"max_tokens\": 1, \"truncate_prompt_tokens\": 5, \"prompt\": \"%s the king\"}"
                .formatted("a".repeat(LENGTH)));
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(5);
  }

  @Test
  void tokenizingHasNoLimitOfItsOwn() throws IOException {
    int each = 64 / count(server.ask("/v1/tokenize", text(64)));
    int length = 160_000;
    JsonNode answer = server.ask("/v1/tokenize", text(length));
    assertThat(count(answer)).isEqualTo(length / each);
    JsonNode last = answer.get("tokens").get(length / each - 1);
    assertThat(last.get("offset").intValue()).isEqualTo(length - each);
    assertThat(last.get("token").stringValue()).isEqualTo("a".repeat(each));
  }

  private static String text(int length) {
    return "{\"text\": \"%s\"}".formatted("a".repeat(length));
  }

  private static int count(JsonNode answer) {
    return answer.get("count").intValue();
  }
}
