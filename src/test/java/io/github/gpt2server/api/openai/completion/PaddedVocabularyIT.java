package io.github.gpt2server.api.openai.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model that knows more ids than its tokenizer has tokens, as padded vocabularies have them: the
 * embedded one, whose last ordinary tokens are taken away from the tokenizer. The model goes on
 * giving them probabilities, and may write them.
 */
class PaddedVocabularyIT {
  private static final Path FILES = Path.of("models/gpt2-fairytales");
  private static final int SIZE = 4096;

  /** The id that {@code " lightning"} had; from here to the last but one, none has a token. */
  private static final int FIRST = 4088;

  private static final int LAST = 4094;

  private static final JsonMapper STRICT =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static LiveServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.createSymbolicLink(folder.resolve(file), FILES.resolve(file).toAbsolutePath());
    }
    ObjectNode tokens = (ObjectNode) STRICT.readTree(FILES.resolve("vocab.json").toFile());
    Set<String> removed = new HashSet<>();
    tokens.forEachEntry(
        (token, id) -> {
          if (id.intValue() >= FIRST && id.intValue() <= LAST) {
            removed.add(token);
          }
        });
    Files.writeString(folder.resolve("vocab.json"), tokens.remove(removed).toString());
    Files.write(
        folder.resolve("merges.txt"),
        Files.readAllLines(FILES.resolve("merges.txt")).stream()
            .filter(merge -> !removed.contains(merge.replace(" ", "")))
            .toList());
    server = new LiveServer("--gpt2.dtype=float32", "--gpt2.model=" + folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void everyIdHasAKeyOfItsOwnInTopLogprobs() throws IOException {
    RawHttp.Answer answer =
        server.post(
            "/v1/completions",
            "{\"prompt\":\"The king\",\"logprobs\":%d,\"max_tokens\":1}".formatted(SIZE));

    // Fails on a key that comes twice.
    JsonNode top = STRICT.readTree(answer.body()).at("/choices/0/logprobs/top_logprobs/0");
    assertThat(top).hasSize(SIZE);
    assertThat(top.propertyNames())
        .containsAll(IntStream.rangeClosed(FIRST, LAST).mapToObj("token_id:%d"::formatted).toList())
        .doesNotContain("");
    assertThat(top.valueStream().mapToDouble(p -> Math.exp(p.doubleValue())).sum())
        .isCloseTo(1, within(1e-4));
  }

  @Test
  void anIdWithoutATokenIsWrittenAndReadAsNoText() throws IOException {
    JsonNode choice =
        server
            .ask(
                "/v1/completions",
                """
                {"prompt":[333,%d,553],"echo":true,"logprobs":0,"max_tokens":2,"temperature":0,
                 "logit_bias":{"%d":100},"return_token_ids":true}
                """
                    .formatted(LAST, FIRST))
            .at("/choices/0");

    assertThat(choice.get("text").stringValue()).isEqualTo("The king");
    assertThat(choice.get("token_ids").toString()).isEqualTo("[4088,4088]");
    JsonNode logprobs = choice.get("logprobs");
    assertThat(logprobs.get("tokens").toString())
        .isEqualTo("[\"The\",\"token_id:4094\",\" king\",\"token_id:4088\",\"token_id:4088\"]");
    assertThat(logprobs.get("text_offset").toString()).isEqualTo("[0,3,3,8,8]");
    assertThat(logprobs.at("/top_logprobs/3").propertyNames()).containsExactly("token_id:4088");
    assertThat(logprobs.at("/top_logprobs/3/token_id:4088"))
        .isEqualTo(logprobs.at("/token_logprobs/3"));
  }

  @Test
  void nextTokenNamesEveryIdAndTakesAny() throws IOException {
    JsonNode top =
        server
            .ask("/v1/next-token", "{\"tokens\":[333,%d],\"top_k\":%d}".formatted(LAST, SIZE))
            .get("top");

    Set<String> names = new HashSet<>();
    for (JsonNode token : top) {
      int id = token.get("token_id").intValue();
      boolean padding = id >= FIRST && id <= LAST;
      assertThat(token.get("token").stringValue().equals("token_id:" + id)).isEqualTo(padding);
      assertThat(token.get("bytes").isEmpty()).isEqualTo(padding);
      names.add(token.get("token").stringValue());
    }
    assertThat(names).hasSize(SIZE);
  }

  @Test
  void whatHasNoTokenAnyMoreIsScoredInSmallerOnes() throws IOException {
    JsonNode scored =
        server.ask("/v1/score", "{\"text\":\"The lightning\",\"top_logprobs\":%d}".formatted(SIZE));

    StringBuilder text = new StringBuilder();
    scored.get("tokens").forEach(token -> text.append(token.get("token").stringValue()));
    assertThat(text.toString()).isEqualTo("The lightning");
    assertThat(scored.get("tokens")).hasSizeGreaterThan(2);
    Set<String> names = new HashSet<>();
    for (JsonNode token : scored.at("/tokens/1/top_logprobs")) {
      names.add(token.get("token").stringValue());
    }
    assertThat(names).hasSize(SIZE).contains("token_id:4088", "token_id:4094");
  }

  @Test
  void detokenizesIdsWithoutATokenToNothing() throws IOException {
    String tokens = "{\"tokens\":[333,%d,553,%d]}".formatted(FIRST, LAST);

    assertThat(server.ask("/v1/detokenize", tokens).get("text").stringValue())
        .isEqualTo("The king");
    assertThat(server.ask("/detokenize", tokens).get("prompt").stringValue()).isEqualTo("The king");
    assertThat(
            server
                .refusal("/v1/detokenize", "{\"tokens\":[%d]}".formatted(SIZE))
                .get("message")
                .stringValue())
        .isEqualTo(
            "tokens[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.");
  }

  @Test
  void mostSimilarAndInspectNameThem() throws IOException {
    JsonNode similar =
        server.ask(
            "/v1/most-similar", "{\"positive\":[\" king\"],\"top_k\":%d}".formatted(SIZE - 1));
    Set<String> names = new HashSet<>();
    similar.get("results").forEach(result -> names.add(result.get("token").stringValue()));
    assertThat(names).hasSize(SIZE - 1).contains("token_id:4090");

    JsonNode inspected =
        server.ask("/v1/inspect", "{\"tokens\":[333,%d],\"targets\":[%d]}".formatted(LAST, FIRST));
    assertThat(inspected.at("/tokens/1/token").stringValue()).isEqualTo("token_id:4094");
    assertThat(inspected.at("/next/targets/0/token").stringValue()).isEqualTo("token_id:4088");
  }
}
