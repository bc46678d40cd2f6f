package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What lm-evaluation-harness' {@code local-completions} sends with its remote tokenizer, and what
 * it makes of the answers, against numbers computed elsewhere.
 */
@SharedServer
class EvaluationHarnessIT {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final int CONTEXT = 512;

  /** One token is always generated, so the harness leaves room for it. */
  private static final int MAX_LENGTH = CONTEXT - 1;

  private static LiveServer server;

  /** A text to judge, as tokens, and how many of them only lead to it. */
  private record Item(List<Integer> tokens, int contextLength) {
    /** The longest end of the text that fits, as the harness cuts it. */
    static Item of(List<Integer> context, List<Integer> continuation, int maxLength) {
      List<Integer> all = new ArrayList<>(context);
      all.addAll(continuation);
      int excess = Math.max(0, all.size() - maxLength);
      return new Item(all.subList(excess, all.size()), context.size() - excess);
    }
  }

  private record Judgement(double logLikelihood, boolean greedy) {}

  @Test
  void theTokenizerOfTheServerIsUsed() throws IOException {
    JsonNode info;
    try (RawHttp http = server.connect()) {
      info =
          JSON.readTree(
              http.send("GET /tokenizer_info HTTP/1.1\r\nHost: test\r\n\r\n").answer().body());
    }

    assertThat(info.get("eos_token").stringValue()).isEqualTo("<|endoftext|>");
    // The harness takes the first token of these texts for the beginning and the end of a text.
    assertThat(encode(info.get("eos_token").stringValue())).containsExactly(4095);
    assertThat(encode(info.get("bos_token").stringValue())).containsExactly(4095);
    for (String text : List.of("test", "It was a dark night. Café 漢字 🐉", "  two  spaces \n")) {
      assertThat(decode(encode(text))).isEqualTo(text);
    }
  }

  /** The last word of a passage, as tasks such as LAMBADA ask for it, in batches. */
  @Test
  void logLikelihoodsAreThoseOfTheReference() throws IOException {
    List<JsonNode> golden = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    for (String line : Files.readAllLines(GOLDEN.resolve("last-words.jsonl"))) {
      JsonNode passage = JSON.readTree(line);
      String text = passage.get("text").stringValue();
      int word = text.lastIndexOf(' ');
      if (word < 0) {
        continue;
      }
      List<Integer> whole = encode(text);
      List<Integer> context = encode(text.substring(0, word));
      List<Integer> continuation = whole.subList(context.size(), whole.size());
      if (continuation.size() == passage.get("tokens").intValue()) {
        golden.add(passage);
        items.add(Item.of(context, continuation, MAX_LENGTH));
      }
    }
    assertThat(golden).hasSizeGreaterThan(40);

    List<Judgement> judgements = judge(items, 16);

    for (int i = 0; i < golden.size(); i++) {
      if (items.get(i).tokens().size() == MAX_LENGTH) {
        // The reference had room for one token more.
        continue;
      }
      assertThat(judgements.get(i).logLikelihood())
          .as(golden.get(i).toString())
          .isCloseTo(golden.get(i).get("log_likelihood").doubleValue(), within(2e-4));
      assertThat(judgements.get(i).greedy())
          .as(golden.get(i).toString())
          .isEqualTo(golden.get(i).get("greedy").booleanValue());
    }
    // One at a time, as the harness does unless told otherwise.
    List<Judgement> first = judge(items.subList(0, 4), 1);
    for (int i = 0; i < first.size(); i++) {
      assertThat(first.get(i).logLikelihood())
          .isCloseTo(judgements.get(i).logLikelihood(), within(1e-4));
      assertThat(first.get(i).greedy()).isEqualTo(judgements.get(i).greedy());
    }
  }

  /** As it does for perplexities, with the end-of-text token before the first. */
  @Test
  void aWholeTextIsJudgedFromTheTokenThatSeparatesTexts() throws IOException {
    JsonNode text = JSON.readTree(Files.readString(GOLDEN.resolve("score.json"))).get(0);
    List<Integer> tokens = ids(text.get("token_ids"));

    Judgement fromTheSecond =
        judge(List.of(Item.of(tokens.subList(0, 1), tokens.subList(1, 16), MAX_LENGTH)), 1).get(0);
    Judgement fromTheFirst = judge(List.of(Item.of(List.of(4095), tokens, MAX_LENGTH)), 1).get(0);

    assertThat(fromTheSecond.logLikelihood())
        .isCloseTo(text.get("nats").doubleValue(), within(2e-4));
    assertThat(fromTheSecond.greedy()).isFalse();
    assertThat(fromTheFirst.logLikelihood()).isLessThan(fromTheSecond.logLikelihood());
  }

  /** With max_tokens 0, which newer versions of the harness may send, nothing is generated. */
  @Test
  void noTokenNeedBeGenerated() throws IOException {
    ObjectNode request = request(List.of(List.of(333, 553, 309)));

    JsonNode one = server.ask("/v1/completions", request.toString()).at("/choices/0/logprobs");
    JsonNode none =
        server
            .ask("/v1/completions", request.put("max_tokens", 0).toString())
            .at("/choices/0/logprobs");

    assertThat(one.get("tokens")).hasSize(4);
    assertThat(none.get("tokens")).hasSize(3);
    assertThat(none.get("token_logprobs").get(2)).isEqualTo(one.get("token_logprobs").get(2));
  }

  @Test
  void textsAreGeneratedUntilAStopString() throws IOException {
    JsonNode golden = JSON.readTree(Files.readString(GOLDEN.resolve("greedy.json")));
    ObjectNode request = JSON.createObjectNode();
    request.put("model", "gpt2-fairytales").put("max_tokens", 256).put("temperature", 0);
    request.putArray("stop").add("\n").add("<|endoftext|>");
    request.put("seed", 1234);
    ArrayNode prompts = request.putArray("prompt");
    List<String> expected = new ArrayList<>();
    for (JsonNode one : golden) {
      String continuation = one.get("continuation").stringValue();
      if (continuation.contains("\n")) {
        prompts.add(one.get("token_ids"));
        expected.add(continuation.substring(0, continuation.indexOf('\n')));
      }
    }
    assertThat(expected).hasSizeGreaterThan(2);

    JsonNode choices = server.ask("/v1/completions", request.toString()).get("choices");

    assertThat(choices.valueStream().map(choice -> choice.get("text").stringValue()))
        .containsExactlyElementsOf(expected);
    assertThat(choices.valueStream().map(choice -> choice.get("finish_reason").stringValue()))
        .containsOnly("stop");
  }

  /** Unless max_length is given the harness believes in contexts of 2,048 tokens. */
  @Test
  void aTextForALargerContextIsRefusedWithBothNumbers() throws IOException {
    List<Integer> tokens = IntStream.range(0, 2047).mapToObj(i -> 333 + i % 7).toList();

    JsonNode error = server.refusal("/v1/completions", request(List.of(tokens)).toString());

    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").stringValue()).contains("512", "2047");
  }

  private static List<Judgement> judge(List<Item> items, int batchSize) throws IOException {
    List<Judgement> judgements = new ArrayList<>();
    for (int from = 0; from < items.size(); from += batchSize) {
      List<Item> batch = items.subList(from, Math.min(from + batchSize, items.size()));
      JsonNode answer =
          server.ask(
              "/v1/completions", request(batch.stream().map(Item::tokens).toList()).toString());
      List<JsonNode> choices =
          answer
              .get("choices")
              .valueStream()
              .sorted(Comparator.comparingInt(choice -> choice.get("index").intValue()))
              .toList();
      assertThat(choices).hasSameSizeAs(batch);
      for (int i = 0; i < batch.size(); i++) {
        judgements.add(judgement(choices.get(i).get("logprobs"), batch.get(i).contextLength()));
      }
    }
    return judgements;
  }

  /** Sums over the continuation; the token that was generated does not count. */
  private static Judgement judgement(JsonNode logprobs, int contextLength) {
    JsonNode chosen = logprobs.get("token_logprobs");
    double sum = 0;
    boolean greedy = true;
    for (int i = contextLength; i < chosen.size() - 1; i++) {
      double logprob = chosen.get(i).doubleValue();
      sum += logprob;
      double best =
          logprobs
              .get("top_logprobs")
              .get(i)
              .valueStream()
              .mapToDouble(JsonNode::doubleValue)
              .max()
              .orElseThrow();
      greedy &= logprob == best;
    }
    return new Judgement(sum, greedy);
  }

  private static ObjectNode request(List<List<Integer>> prompts) {
    ObjectNode request = JSON.createObjectNode().put("model", "gpt2-fairytales");
    request.set("prompt", JSON.valueToTree(prompts));
    return request
        .put("temperature", 0)
        .put("max_tokens", 1)
        .put("logprobs", 1)
        .put("seed", 1234)
        .put("echo", true);
  }

  private static List<Integer> encode(String text) throws IOException {
    ObjectNode request =
        JSON.createObjectNode().put("prompt", text).put("add_special_tokens", false);
    return ids(server.ask("/tokenize", request.toString()).get("tokens"));
  }

  private static String decode(List<Integer> tokens) throws IOException {
    ObjectNode request = JSON.createObjectNode();
    request.set("tokens", JSON.valueToTree(tokens));
    return server.ask("/detokenize", request.toString()).get("prompt").stringValue();
  }

  private static List<Integer> ids(JsonNode array) {
    return array.valueStream().map(JsonNode::intValue).toList();
  }
}
