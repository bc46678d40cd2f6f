package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.torch.OtherLayouts;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Repositories of every kind are fetched and served with the reference's numbers. */
@OneCore
class HubLayoutsIT {
  private static final Path FILES = Path.of("models/gpt2-fairytales");

  /** A layout of a model in a repository. */
  enum Layout {
    PICKLE,
    SEPARATE_TOKENIZER_FILES,
    SHARDS;

    /** Its files beside {@code config.json}. */
    List<String> files() {
      return switch (this) {
        case PICKLE -> List.of("tokenizer.json", "pytorch_model.bin");
        case SEPARATE_TOKENIZER_FILES -> List.of("vocab.json", "merges.txt", "model.safetensors");
        case SHARDS ->
            List.of(
                "tokenizer.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors");
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void isFetchedAndServed(Layout layout, @TempDir Path folder) throws IOException {
    Path cache = folder.resolve("cache");
    try (LookAlikeHub hub = new LookAlikeHub()) {
      hub.add("org/model", repository(layout, Files.createDirectory(folder.resolve("files"))));
      try (LiveServer server =
          new LiveServer(
              "--gpt2.model=org/model",
              "--gpt2.dtype=float32",
              "--gpt2.max-sequences=2",
              "--gpt2.hub.endpoint=" + hub.endpoint(),
              "--gpt2.hub.cache=" + cache)) {
        assertServesTheReferencesNumbers(server);
      }
    }
    try (Stream<Path> fetched =
        Files.list(cache.resolve("models--org--model/snapshots").resolve(LookAlikeHub.COMMIT))) {
      assertThat(fetched.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              Stream.concat(Stream.of("config.json"), layout.files().stream()).toList());
    }
  }

  private static Path repository(Layout layout, Path folder) throws IOException {
    OtherLayouts weights = new OtherLayouts(FILES);
    switch (layout) {
      case PICKLE -> weights.pickle(folder);
      case SHARDS -> weights.shards(folder);
      case SEPARATE_TOKENIZER_FILES -> {}
    }
    Files.copy(FILES.resolve("config.json"), folder.resolve("config.json"));
    for (String file : layout.files()) {
      if (Files.exists(FILES.resolve(file))) {
        Files.copy(FILES.resolve(file), folder.resolve(file));
      }
    }
    return folder;
  }

  private static void assertServesTheReferencesNumbers(LiveServer server) throws IOException {
    JsonNode greedy = golden("greedy.json").get(0);
    JsonNode completion =
        server.ask(
            "/v1/completions",
            "{\"prompt\":%s,\"max_tokens\":48,\"temperature\":0}".formatted(greedy.get("prompt")));
    assertThat(completion.at("/choices/0/text")).isEqualTo(greedy.get("continuation"));

    JsonNode scored = golden("score.json").get(0);
    JsonNode tokens =
        server.ask("/v1/score", "{\"text\":%s}".formatted(scored.get("text"))).get("tokens");
    assertThat(tokens).hasSameSizeAs(scored.get("token_ids"));
    for (int i = 1; i < tokens.size(); i++) {
      assertThat(tokens.get(i).get("token_id")).isEqualTo(scored.get("token_ids").get(i));
      assertThat(tokens.get(i).get("logprob").doubleValue())
          .isCloseTo(scored.get("logprobs").get(i).doubleValue(), within(1e-4));
    }
  }

  private static JsonNode golden(String file) throws IOException {
    try (InputStream in = HubLayoutsIT.class.getResourceAsStream("/golden/" + file)) {
      return JsonMapper.shared().readTree(in);
    }
  }
}
