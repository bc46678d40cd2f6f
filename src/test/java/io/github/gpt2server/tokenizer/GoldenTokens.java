package io.github.gpt2server.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts with their token ids in the embedded model's vocabulary, by an independent tokenizer. */
final class GoldenTokens {

  private GoldenTokens() {}

  record Example(String text, int[] tokens) {}

  static List<Example> read() throws IOException {
    try (InputStream golden = GoldenTokens.class.getResourceAsStream("/golden/tokens.json")) {
      return JsonMapper.shared().readTree(golden).valueStream().map(GoldenTokens::example).toList();
    }
  }

  private static Example example(JsonNode example) {
    return new Example(
        example.path("text").asString(),
        example.path("token_ids").valueStream().mapToInt(JsonNode::asInt).toArray());
  }
}
