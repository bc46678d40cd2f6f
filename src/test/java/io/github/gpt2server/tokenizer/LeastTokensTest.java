package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The number of tokens that a text has at least. */
class LeastTokensTest {

  @TempDir Path path;

  @Test
  void itIsTheNumberOfBytesByThoseOfTheLongestToken() {
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(TokenizerFolder.EMBEDDED)) {
      int longest = 0;
      for (int token = 0; token < tokenizer.vocabSize(); token++) {
        longest = Math.max(longest, tokenizer.bytes(token).length);
      }
      assertThat(tokenizer.leastTokens("")).isZero();
      assertThat(tokenizer.leastTokens("a")).isEqualTo(1);
      assertThat(tokenizer.leastTokens("a".repeat(longest))).isEqualTo(1);
      assertThat(tokenizer.leastTokens("a".repeat(longest + 1))).isEqualTo(2);
      assertThat(tokenizer.leastTokens("🐉".repeat(5 * longest))).isEqualTo(20);
      RandomTexts texts = new RandomTexts(9);
      for (int i = 0; i < 1_000; i++) {
        String text = texts.next(200);
        assertThat(tokenizer.leastTokens(text)).isLessThanOrEqualTo(tokenizer.encode(text).length);
      }
    }
  }

  @Test
  void aSpaceBeforeTheTextAndLongAddedTokensCount() {
    TokenizerFolder folder = new TokenizerFolder(path);
    folder
        .copy("vocab.json", "merges.txt")
        .write("added_tokens.json", "{\"%s\": 4096}".formatted("é".repeat(100)));
    folder.write("tokenizer_config.json", "{\"add_prefix_space\": true}");
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.leastTokens("é".repeat(1_000))).isEqualTo(10);
      assertThat(tokenizer.encode("é".repeat(1_000)).length).isGreaterThanOrEqualTo(10);
    }
  }

  /** Each lets some token stand for more than its own bytes. */
  private static final List<Consumer<ObjectNode>> CHANGES =
      List.of(
          json -> json.withObject("/normalizer").put("type", "NFC"),
          json -> ((ObjectNode) json.withArray("/added_tokens").get(0)).put("lstrip", true),
          json -> ((ObjectNode) json.withArray("/added_tokens").get(0)).put("rstrip", true),
          json ->
              json.set(
                  "pre_tokenizer",
                  JsonMapper.shared()
                      .readTree(
                          """
                          {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]}
                          """)));

  @Test
  void nothingIsSaidOfATextThatIsChanged() {
    for (Consumer<ObjectNode> change : CHANGES) {
      ObjectNode json = TokenizerFolder.json("tokenizer.json");
      change.accept(json);
      try (Gpt2Tokenizer tokenizer =
          new TokenizerFolder(path).write("tokenizer.json", json.toString()).load()) {
        assertThat(tokenizer.leastTokens("a".repeat(10_000))).isZero();
      }
    }
  }
}
