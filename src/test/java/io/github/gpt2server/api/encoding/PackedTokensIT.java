package io.github.gpt2server.api.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code encoding_format: base64} where there are {@code top_logprobs}, against the same in JSON.
 */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.chat-template=plain"})
class PackedTokensIT {
  private static final String BASE64 = ", \"encoding_format\": \"base64\"}";

  private static LiveServer server;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 300, 4096})
  void completionsHoldTheSameNumbers(int logprobs) throws IOException {
    String body =
        """
        {"prompt": "The king was very", "max_tokens": 3, "echo": true, "seed": 5,
         "logprob_token_ids": [7, 4095], "logprobs": %d"""
            .formatted(logprobs);
    JsonNode plain = server.ask("/v1/completions", body + "}");
    JsonNode packed = server.ask("/v1/completions", body + BASE64);

    assertCompletions(
        plain.at("/choices/0/logprobs/top_logprobs"),
        packed.at("/choices/0/logprobs/top_logprobs"));
    assertThat(packed.at("/choices/0/logprobs/top_logprobs/0").isNull()).isTrue();
    assertThat(packed.at("/choices/0/text")).isEqualTo(plain.at("/choices/0/text"));
    assertThat(packed.at("/choices/0/logprobs/token_logprobs"))
        .isEqualTo(plain.at("/choices/0/logprobs/token_logprobs"));
  }

  @Test
  void aStreamHoldsTheSameNumbers() throws IOException {
    String body =
        "{\"prompt\": \"The king\", \"max_tokens\": 4, \"seed\": 5, \"logprobs\": 4096,"
            + " \"stream\": true";
    List<JsonNode> plain = tops(body + "}");
    List<JsonNode> packed = tops(body + BASE64);

    assertThat(packed).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(named(packed.get(i))).isEqualTo(numbers(plain.get(i))).hasSize(4096);
    }
  }

  @Test
  void chatsHoldTheSameNumbersInTheSameOrder() throws IOException {
    String body =
        """
        {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3, "seed": 5,
         "logprobs": true, "top_logprobs": 4, "logprob_token_ids": [7]""";
    JsonNode plain = server.ask("/v1/chat/completions", body + "}");
    JsonNode packed = server.ask("/v1/chat/completions", body + BASE64);

    for (int i = 0; i < 3; i++) {
      JsonNode tops = packed.at("/choices/0/logprobs/content/" + i + "/top_logprobs");
      ByteBuffer ids = bytes(tops.get("token_ids"));
      ByteBuffer logprobs = bytes(tops.get("logprobs"));
      assertThat(ids.limit()).isEqualTo(4 * 5);
      for (JsonNode top : plain.at("/choices/0/logprobs/content/" + i + "/top_logprobs")) {
        assertThat(tokenizer().token(ids.getInt())).isEqualTo(top.get("token").stringValue());
        assertThat(logprobs.getFloat()).isEqualTo((float) top.get("logprob").doubleValue());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4096})
  void scoresHoldTheSameNumbersInTheSameOrder(int top) throws IOException {
    String body = "{\"text\": \"The king was very angry.\", \"top_logprobs\": " + top;
    JsonNode plain = server.ask("/v1/score", body + "}").get("tokens");
    JsonNode packed = server.ask("/v1/score", body + BASE64).get("tokens");

    assertThat(packed.get(0).has("top_logprobs")).isFalse();
    for (int i = 1; i < plain.size(); i++) {
      ByteBuffer ids = bytes(packed.at("/" + i + "/top_logprobs/token_ids"));
      ByteBuffer logprobs = bytes(packed.at("/" + i + "/top_logprobs/logprobs"));
      assertThat(ids.limit()).isEqualTo(4 * top);
      for (JsonNode token : plain.at("/" + i + "/top_logprobs")) {
        assertThat(ids.getInt()).isEqualTo(token.get("token_id").intValue());
        assertThat(logprobs.getFloat()).isEqualTo((float) token.get("logprob").doubleValue());
      }
      assertThat(packed.at("/" + i + "/logprob")).isEqualTo(plain.at("/" + i + "/logprob"));
    }
  }

  @Test
  void whatIsWrongIsRefused() throws IOException {
    for (String path : List.of("/v1/completions", "/v1/score")) {
      assertThat(
              server
                  .refusal(
                      path,
                      "{\"text\": \"A\", \"encoding_format\": \"Base64\"}"
                          .replace(path.endsWith("score") ? "" : "\"text\": \"A\", ", ""))
                  .get("message")
                  .stringValue())
          .isEqualTo("encoding_format must be float or base64, but is \"Base64\".");
    }
    assertThat(
            server
                .refusal("/v1/score", "{\"prompt\": \"A\", \"continuations\": [\" b\"]" + BASE64)
                .get("message")
                .stringValue())
        .isEqualTo(
            "encoding_format applies to text only and cannot be combined with continuations; remove"
                + " encoding_format.");
  }

  private static void assertCompletions(JsonNode plain, JsonNode packed) {
    assertThat(packed.size()).isEqualTo(plain.size());
    for (int i = 0; i < plain.size(); i++) {
      if (!plain.get(i).isNull()) {
        assertThat(named(packed.get(i))).as("token %d", i).isEqualTo(numbers(plain.get(i)));
      }
    }
  }

  /** Each token once, by its name in JSON. */
  private static Map<String, Float> named(JsonNode packed) {
    ByteBuffer ids = bytes(packed.get("token_ids"));
    ByteBuffer logprobs = bytes(packed.get("logprobs"));
    assertThat(logprobs.limit()).isEqualTo(ids.limit());
    Map<String, Float> named = new LinkedHashMap<>();
    while (ids.hasRemaining()) {
      assertThat(named.put(tokenizer().token(ids.getInt()), logprobs.getFloat())).isNull();
    }
    return named;
  }

  private static Map<String, Float> numbers(JsonNode object) {
    Map<String, Float> numbers = new LinkedHashMap<>();
    object.forEachEntry((name, value) -> numbers.put(name, (float) value.doubleValue()));
    return numbers;
  }

  private static List<JsonNode> tops(String body) throws IOException {
    List<JsonNode> tops = new ArrayList<>();
    for (String line : server.post("/v1/completions", body).body().lines().toList()) {
      if (line.startsWith("data: {")) {
        JsonNode chunk = JsonMapper.shared().readTree(line.substring("data: ".length()));
        chunk.at("/choices/0/logprobs/top_logprobs").forEach(tops::add);
      }
    }
    return tops;
  }

  private static Gpt2Tokenizer tokenizer() {
    return server.model().tokenizer();
  }

  private static ByteBuffer bytes(JsonNode base64) {
    return ByteBuffer.wrap(Base64.getDecoder().decode(base64.stringValue()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
