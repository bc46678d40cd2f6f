package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What one key asked does not show in another key's answers. */
class PrefixCacheOfKeysIT {
  private static final String PROMPT =
      IntStream.range(0, 100)
          .mapToObj(i -> Integer.toString(i + 300))
          .collect(Collectors.joining(", ", "[", "]"));

  @Test
  void eachKeyHasItsOwnCache() throws IOException {
    try (LiveServer server = new LiveServer("--gpt2.api-keys=one,two")) {
      assertThat(cached(server, "one", "")).isZero();
      assertThat(cached(server, "two", "")).isZero();
      assertThat(cached(server, "one", "")).isEqualTo(99);
      assertThat(cached(server, "two", "")).isEqualTo(99);
      // A salt divides what a key has further.
      assertThat(cached(server, "one", "mine")).isZero();
      assertThat(cached(server, "two", "mine")).isZero();
      assertThat(cached(server, "two", "mine")).isEqualTo(99);
    }
  }

  @Test
  void keysOfOneNameAreOneClient() throws IOException {
    try (LiveServer server = new LiveServer("--gpt2.api-keys=alice old,alice new,bob other")) {
      assertThat(cached(server, "old", "")).isZero();
      assertThat(cached(server, "other", "")).isZero();
      assertThat(cached(server, "new", "")).isEqualTo(99);
    }
  }

  @Test
  void keysShareOneCacheIfTheSettingSaysSo() throws IOException {
    try (LiveServer server =
        new LiveServer("--gpt2.api-keys=one,two", "--gpt2.share-prefix-cache=true")) {
      assertThat(cached(server, "one", "")).isZero();
      assertThat(cached(server, "two", "")).isEqualTo(99);
      assertThat(cached(server, "two", "mine")).isZero();
      assertThat(cached(server, "one", "mine")).isEqualTo(99);
    }
  }

  @Test
  void withoutKeysEverybodySharesOne() throws IOException {
    try (LiveServer server = new LiveServer()) {
      assertThat(cached(server, "one", "")).isZero();
      assertThat(cached(server, "two", "")).isEqualTo(99);
    }
  }

  private static int cached(LiveServer server, String key, String salt) throws IOException {
    String body =
        "{\"prompt\": " + PROMPT + ", \"max_tokens\": 1, \"cache_salt\": \"" + salt + "\"}";
    String post = RawHttp.post("/v1/completions", body);
    try (RawHttp http = server.connect()) {
      RawHttp.Answer answer =
          http.send(post.replace("Host:", "Authorization: Bearer " + key + "\r\nHost:")).answer();
      assertThat(answer.status()).isEqualTo(200);
      JsonNode details =
          JsonMapper.shared().readTree(answer.body()).at("/usage/prompt_tokens_details");
      return details.get("cached_tokens").intValue();
    }
  }
}
