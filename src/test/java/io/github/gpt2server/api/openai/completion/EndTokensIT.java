package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A fine-tune may end its texts with a token of its own: here the embedded model with the comma.
 */
class EndTokensIT {
  private static final Path FILES = Path.of("models/gpt2-fairytales");
  private static final int COMMA = 11;

  @TempDir Path folder;

  @Test
  void generationConfigNamesThem() throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
      Files.createSymbolicLink(folder.resolve(file), FILES.resolve(file).toAbsolutePath());
    }
    Files.writeString(
        folder.resolve("generation_config.json"), "{\"eos_token_id\":[4095," + COMMA + "]}");
    try (LiveServer server = new LiveServer("--gpt2.model=" + folder)) {
      String text = complete(server, "").get("text").stringValue();
      JsonNode ignoring = complete(server, ",\"ignore_eos\":true");
      assertThat(ignoring.get("text").stringValue()).contains(",");
      assertThat(ignoring.get("finish_reason").stringValue()).isEqualTo("length");
      assertThat(text).isNotEmpty().isEqualTo(before(ignoring.get("text").stringValue()));
      assertThat(complete(server, "").get("finish_reason").stringValue()).isEqualTo("stop");
    }
  }

  private static String before(String text) {
    return Stream.of(text.split(",")).findFirst().orElseThrow();
  }

  private static JsonNode complete(LiveServer server, String field) throws IOException {
    return server
        .ask(
            "/v1/completions",
            "{\"prompt\":\"Once upon a time\",\"temperature\":0,\"max_tokens\":40%s}"
                .formatted(field))
        .get("choices")
        .get(0);
  }
}
