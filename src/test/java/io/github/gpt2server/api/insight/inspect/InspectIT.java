package io.github.gpt2server.api.insight.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Internals of the embedded model over the wire, against numbers computed elsewhere. */
@SharedServer
class InspectIT {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Offset<Double> NEAR = within(1e-3);
  private static final Offset<Double> NEAR_LOGPROB = within(1e-4);

  private static LiveServer server;

  @Test
  void attentionNormsAndLensAreTheReferences() throws IOException {
    JsonNode golden = golden("inspect");
    ObjectNode request = JSON.createObjectNode();
    request.set("prompt", golden.get("prompt"));
    request.put("attention", true).put("logit_lens", true).put("residual_norm", true);

    JsonNode answer = ask(request);

    assertThat(answer.propertyNames())
        .containsExactly("model", "tokens", "next", "embedding", "layers");
    assertThat(answer.get("model").stringValue()).isEqualTo("gpt2-fairytales");
    assertStream(answer.get("embedding"), golden, 0);
    assertThat(answer.get("embedding").propertyNames())
        .containsExactly("residual_norm", "logit_lens");
    assertThat(answer.get("layers")).hasSize(4);
    for (int layer = 0; layer < 4; layer++) {
      JsonNode actual = answer.get("layers").get(layer);
      assertThat(actual.propertyNames())
          .containsExactly("layer", "residual_norm", "logit_lens", "attention");
      assertThat(actual.get("layer").intValue()).isEqualTo(layer);
      assertStream(actual, golden, layer + 1);
      assertThat(actual.get("attention")).hasSize(5);
      for (int head = 0; head < 5; head++) {
        JsonNode attention = actual.get("attention").get(head);
        assertThat(attention.get("head").intValue()).isEqualTo(head);
        assertThat(attention.get("weights")).hasSize(11);
        for (int row = 0; row < 11; row++) {
          JsonNode weights = attention.get("weights").get(row);
          assertClose(weights, golden.get("attention").get(layer).get(head).get(row), NEAR);
          assertThat(weights.valueStream().mapToDouble(JsonNode::doubleValue).sum())
              .isCloseTo(1, within(1e-5));
        }
      }
    }
    // The last layer's lens at the last position is the next token's distribution.
    JsonNode last = answer.at("/layers/3/logit_lens/10");
    for (int i = 0; i < 5; i++) {
      JsonNode next = answer.get("next").get("top").get(i);
      assertThat(last.get(i).get("token_id")).isEqualTo(next.get("token_id"));
      assertThat(last.get(i).get("token")).isEqualTo(next.get("token"));
      assertThat(last.get(i).get("probability").doubleValue())
          .isCloseTo(next.get("probability").doubleValue(), within(1e-5));
    }
  }

  private static void assertStream(JsonNode actual, JsonNode golden, int place) {
    assertClose(actual.get("residual_norm"), golden.get("residual_norm").get(place), NEAR);
    JsonNode lens = golden.get("logit_lens").get(place);
    assertThat(actual.get("logit_lens")).hasSize(11);
    for (int row = 0; row < 11; row++) {
      JsonNode tokens = actual.get("logit_lens").get(row);
      assertThat(tokens).hasSize(5);
      for (int i = 0; i < 5; i++) {
        JsonNode token = tokens.get(i);
        assertThat(token.propertyNames())
            .containsExactly("token_id", "token", "probability", "logprob");
        assertThat(token.get("token_id")).isEqualTo(lens.get(row).get("top_ids").get(i));
        double logprob = lens.get(row).get("top_logprobs").get(i).doubleValue();
        assertThat(token.get("logprob").doubleValue()).isCloseTo(logprob, NEAR_LOGPROB);
        assertThat(token.get("probability").doubleValue())
            .isCloseTo(Math.exp(logprob), NEAR_LOGPROB);
      }
    }
  }

  @Test
  void nextAndTokensAreWhatOtherEndpointsSay() throws IOException {
    String prompt = "\"Once upon a time, there was a king – and\"";
    JsonNode answer =
        server.ask(
            "/v1/inspect",
            "{\"prompt\": %s, \"top_k\": 3, \"targets\": [\" king\", 1076]}".formatted(prompt));
    JsonNode next =
        server.ask(
            "/v1/next-token",
            "{\"prompt\": %s, \"top_k\": 3, \"candidates\": [\" king\", \" queen\"]}"
                .formatted(prompt));
    JsonNode tokens = server.ask("/v1/tokenize", "{\"text\": %s}".formatted(prompt));

    assertThat(answer.propertyNames()).containsExactly("model", "tokens", "next");
    assertThat(answer.get("next").propertyNames())
        .containsExactly("entropy_bits", "top", "targets");
    assertThat(answer.at("/next/entropy_bits").doubleValue())
        .isCloseTo(next.get("entropy_bits").doubleValue(), NEAR);
    for (int i = 0; i < 3; i++) {
      JsonNode top = answer.get("next").get("top").get(i);
      JsonNode expected = next.get("top").get(i);
      assertThat(top.propertyNames()).isEqualTo(expected.propertyNames());
      assertThat(top.get("bytes")).isEqualTo(expected.get("bytes"));
      assertThat(top.get("rank")).isEqualTo(expected.get("rank"));
      assertThat(top.get("logprob").doubleValue())
          .isCloseTo(expected.get("logprob").doubleValue(), NEAR_LOGPROB);
    }
    int[] ids = {553, 1076};
    for (int i = 0; i < 2; i++) {
      JsonNode target = answer.get("next").get("targets").get(i);
      assertThat(target.propertyNames())
          .containsExactly("token_id", "token", "logit", "logprob", "probability", "rank");
      assertThat(target.get("token_id").intValue()).isEqualTo(ids[i]);
      assertThat(target.get("rank")).isEqualTo(next.get("candidates").get(i).get("rank"));
      assertThat(target.get("logprob").doubleValue())
          .isCloseTo(next.get("candidates").get(i).get("logprob").doubleValue(), NEAR_LOGPROB);
      assertThat(target.get("probability").doubleValue())
          .isCloseTo(Math.exp(target.get("logprob").doubleValue()), within(1e-12));
    }
    assertThat(answer.at("/next/targets/1/token").stringValue()).isEqualTo(" queen");
    for (int i = 0; i < tokens.get("count").intValue(); i++) {
      JsonNode token = answer.get("tokens").get(i);
      JsonNode expected = tokens.get("tokens").get(i);
      assertThat(token.propertyNames()).containsExactly("token_id", "token", "bytes", "offset");
      assertThat(token.get("token_id")).isEqualTo(expected.get("id"));
      assertThat(token.get("token")).isEqualTo(expected.get("token"));
      assertThat(token.get("bytes")).isEqualTo(expected.get("bytes"));
      assertThat(token.get("offset")).isEqualTo(expected.get("offset"));
    }
  }

  @Test
  void eachAblatedHeadIsTheReferencesAndTheSameByItself() throws IOException {
    JsonNode golden = golden("interventions");
    ObjectNode request = question(golden);
    JsonNode table = ask(request.put("ablate", "each")).get("ablation");

    assertThat(table.propertyNames()).containsExactly("ablate", "layers");
    assertThat(table.get("ablate").stringValue()).isEqualTo("each");
    assertThat(table.get("layers")).hasSize(4);
    for (int layer = 0; layer < 4; layer++) {
      JsonNode row = table.get("layers").get(layer);
      assertThat(row.get("layer").intValue()).isEqualTo(layer);
      assertThat(row.get("heads")).hasSize(5);
      for (int head = 0; head < 5; head++) {
        JsonNode cell = row.get("heads").get(head);
        assertThat(cell.get("head").intValue()).isEqualTo(head);
        request.putArray("ablate").addObject().put("layer", layer).put("head", head);
        JsonNode single = ask(request).get("ablation");
        for (int target = 0; target < 2; target++) {
          double change = cell.get("targets").get(target).get("logprob_change").doubleValue();
          double expected =
              golden.get("ablate_one_head_logprobs").get(layer).get(head).get(target).doubleValue()
                  - golden.get("logprobs").get(target).doubleValue();
          assertThat(change).isCloseTo(expected, NEAR_LOGPROB);
          assertThat(single.get("targets").get(target).get("logprob_change").doubleValue())
              .isCloseTo(change, within(1e-5));
        }
      }
    }
  }

  @Test
  void headsAblatedTogetherAreTheReferences() throws IOException {
    JsonNode golden = golden("interventions");
    ObjectNode request = question(golden);
    for (JsonNode head : golden.get("ablate_heads")) {
      request.withArray("ablate").addObject().setAll(headPlace(head));
    }
    JsonNode answer = ask(request);
    JsonNode ablation = answer.get("ablation");

    assertThat(ablation.propertyNames()).containsExactly("ablate", "top", "targets");
    assertThat(ablation.get("ablate")).isEqualTo(request.get("ablate"));
    assertThat(ablation.get("top")).hasSize(5);
    for (int target = 0; target < 2; target++) {
      JsonNode ablated = ablation.get("targets").get(target);
      assertThat(ablated.propertyNames())
          .containsExactly("token_id", "token", "logprob", "logprob_change");
      double logprob = golden.get("ablate_heads_logprobs").get(target).doubleValue();
      double unablated = golden.get("logprobs").get(target).doubleValue();
      assertThat(ablated.get("logprob").doubleValue()).isCloseTo(logprob, NEAR_LOGPROB);
      assertThat(ablated.get("logprob_change").doubleValue())
          .isCloseTo(logprob - unablated, NEAR_LOGPROB);
      JsonNode next = answer.get("next").get("targets").get(target);
      assertThat(next.get("logprob").doubleValue()).isCloseTo(unablated, NEAR_LOGPROB);
      assertThat(next.get("logit").doubleValue())
          .isCloseTo(golden.get("logits").get(target).doubleValue(), NEAR);
    }
  }

  private static ObjectNode headPlace(JsonNode head) {
    ObjectNode place = JSON.createObjectNode();
    place.set("layer", head.get(0));
    place.set("head", head.get(1));
    return place;
  }

  @Test
  void attributionIsTheReferencesAndSumsToTheLogit() throws IOException {
    JsonNode golden = golden("interventions");
    JsonNode attribution = ask(question(golden).put("attribution", true)).get("attribution");

    assertThat(attribution).hasSize(2);
    for (int target = 0; target < 2; target++) {
      JsonNode parts = attribution.get(target);
      JsonNode expected = golden.get("attribution_logits").get(target);
      assertThat(parts.propertyNames())
          .containsExactly("token_id", "token", "logit", "embedding", "layers", "final_bias");
      assertThat(parts.get("token_id")).isEqualTo(golden.get("target_ids").get(target));
      double sum = assertPart(parts.get("embedding"), expected.get("embedding"));
      sum += assertPart(parts.get("final_bias"), expected.get("ln_f_bias"));
      for (int layer = 0; layer < 4; layer++) {
        JsonNode added = parts.get("layers").get(layer);
        assertThat(added.get("layer").intValue()).isEqualTo(layer);
        sum += assertPart(added.get("attention_bias"), expected.get("attention_bias." + layer));
        sum += assertPart(added.get("mlp"), expected.get("mlp." + layer));
        assertThat(added.get("heads")).hasSize(5);
        for (int head = 0; head < 5; head++) {
          sum +=
              assertPart(added.get("heads").get(head), expected.get("head." + layer + "." + head));
        }
      }
      assertThat(sum).isCloseTo(parts.get("logit").doubleValue(), NEAR);
      assertThat(parts.get("logit").doubleValue())
          .isCloseTo(golden.get("logits").get(target).doubleValue(), NEAR);
    }
  }

  private static double assertPart(JsonNode actual, JsonNode expected) {
    assertThat(actual.doubleValue()).isCloseTo(expected.doubleValue(), NEAR);
    return actual.doubleValue();
  }

  @Test
  void aPositionInTheMiddleIsTheEndOfAShorterText() throws IOException {
    String whole =
        "{\"tokens\": [2771, 565, 258, 542, 11, 363], \"position\": %s, \"top_k\": 2,"
            + " \"targets\": [553], \"attribution\": true, \"ablate\": \"each\"}";
    JsonNode third = server.ask("/v1/inspect", whole.formatted("2"));
    JsonNode fromEnd = server.ask("/v1/inspect", whole.formatted("-4"));
    JsonNode shorter =
        server.ask("/v1/inspect", whole.formatted("null").replace(", 542, 11, 363", ""));

    assertThat(fromEnd).isEqualTo(third);
    assertThat(third.get("tokens")).hasSize(6);
    assertThat(shorter.get("tokens")).hasSize(3);
    assertThat(third.at("/next/targets/0/logprob").doubleValue())
        .isCloseTo(shorter.at("/next/targets/0/logprob").doubleValue(), NEAR_LOGPROB);
    for (String path :
        List.of(
            "/attribution/0/layers/1/heads/3",
            "/attribution/0/layers/3/mlp",
            "/ablation/layers/0/heads/2/targets/0/logprob_change")) {
      assertThat(third.at(path).doubleValue())
          .as(path)
          .isCloseTo(shorter.at(path).doubleValue(), NEAR_LOGPROB)
          .isNotZero();
    }
  }

  @Test
  void layersAndHeadsNarrowTheAnswer() throws IOException {
    String body =
        "{\"prompt\": \"The king was\", \"attention\": true, \"residual_norm\": true,"
            + " \"targets\": [553], \"ablate\": \"each\"%s}";
    JsonNode all = server.ask("/v1/inspect", body.formatted(""));
    JsonNode few =
        server.ask("/v1/inspect", body.formatted(", \"layers\": [3, 1], \"heads\": [4.0, 0]"));

    assertThat(few.get("embedding")).isEqualTo(all.get("embedding"));
    assertThat(few.get("layers")).hasSize(2);
    assertThat(few.get("ablation").get("layers")).hasSize(2);
    int[] layers = {1, 3};
    int[] heads = {0, 4};
    for (int i = 0; i < 2; i++) {
      JsonNode layer = all.get("layers").get(layers[i]);
      assertThat(few.get("layers").get(i).get("layer")).isEqualTo(layer.get("layer"));
      assertThat(few.get("layers").get(i).get("residual_norm"))
          .isEqualTo(layer.get("residual_norm"));
      assertThat(few.get("layers").get(i).get("attention")).hasSize(2);
      for (int j = 0; j < 2; j++) {
        assertThat(few.get("layers").get(i).get("attention").get(j))
            .isEqualTo(layer.get("attention").get(heads[j]));
        assertThat(few.at("/ablation/layers/" + i + "/heads/" + j))
            .isEqualTo(all.at("/ablation/layers/" + layers[i] + "/heads/" + heads[j]));
      }
    }
  }

  @Test
  void nullIsTheSameAsAbsentAndAnEmptyPromptIsEndOfText() throws IOException {
    JsonNode answer =
        server.ask(
            "/v1/inspect",
            """
            {"prompt": "", "tokens": null, "position": null, "top_k": null, "layers": null,
             "heads": null, "attention": null, "logit_lens": null, "residual_norm": null,
             "targets": null, "attribution": null, "ablate": null, "model": null}
            """);
    assertThat(answer.propertyNames()).containsExactly("model", "tokens", "next");
    assertThat(answer.get("tokens")).hasSize(1);
    assertThat(answer.at("/tokens/0/token").stringValue()).isEqualTo("<|endoftext|>");
    assertThat(answer.get("next").propertyNames()).containsExactly("entropy_bits", "top");
    assertThat(answer.at("/next/top")).hasSize(5);
  }

  @Test
  void theLongestTextWithEverythingButAllAttentionIsAnswered() throws IOException {
    String tokens = "[" + "7, 553, 1076, 259,".repeat(127) + "7, 553, 1076, 259]";
    JsonNode answer =
        server.ask(
            "/v1/inspect",
            "{\"tokens\": %s, \"attention\": true, \"heads\": [0, 1, 2], \"logit_lens\": true, \"residual_norm\": true, \"targets\": [553], \"attribution\": true, \"ablate\": \"each\"}"
                .formatted(tokens));
    assertThat(answer.get("layers")).hasSize(4);
    assertThat(answer.at("/layers/3/attention/2/weights/511")).hasSize(512);
    assertThat(answer.at("/layers/3/logit_lens")).hasSize(512);
    assertThat(answer.at("/ablation/layers/3/heads")).hasSize(3);
  }

  @Test
  void amongStreamsTheAnswerIsTheSameAndSoAreTheStreams() throws IOException {
    String inspect =
        "{\"tokens\": [%s 7], \"logit_lens\": true, \"residual_norm\": true, \"targets\": [553, 259], \"attribution\": true, \"ablate\": \"each\"}"
            .formatted("11, 553,".repeat(100));
    String stream =
        "{\"prompt\": \"Once upon a time there were %d\", \"temperature\": 0, \"max_tokens\": 100,"
            + " \"ignore_eos\": true, \"stream\": true}";
    String alone = server.post("/v1/inspect", inspect).body();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      texts.add(text(server.post("/v1/completions", stream.formatted(i)).body()));
    }
    List<RawHttp> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        clients.add(server.connect().send(RawHttp.post("/v1/completions", stream.formatted(i))));
      }
      for (RawHttp client : clients) {
        client.awaitBytes();
      }
      assertThat(server.post("/v1/inspect", inspect).body()).isEqualTo(alone);
      for (int i = 0; i < 8; i++) {
        assertThat(text(clients.get(i).answer().body())).isEqualTo(texts.get(i));
      }
    } finally {
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  /** The text of a streamed completion, whose events hold times and ids of their own. */
  private static String text(String events) {
    StringBuilder text = new StringBuilder();
    for (String event : events.split("\n\n", -1)) {
      if (event.startsWith("data: {")) {
        text.append(
            JSON.readTree(event.substring("data: ".length())).at("/choices/0/text").stringValue());
      }
    }
    assertThat(text).isNotEmpty();
    return text.toString();
  }

  @Test
  void aClientThatLeavesFreesEverything() throws Exception {
    String body =
        RawHttp.post(
            "/v1/inspect",
            "{\"tokens\": [%s 7], \"targets\": [553], \"ablate\": \"each\"}"
                .formatted("7,".repeat(511)));
    List<RawHttp> clients = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      clients.add(server.connect().send(body));
    }
    server.awaitRequests(12);
    for (RawHttp client : clients) {
      client.leave();
    }
    server.awaitRequests(0);
    assertThat(server.model().engine().awaitIdle(Duration.ofSeconds(30))).isTrue();
    server.awaitStatus(status -> status.waiting() == 0 && status.running() == 0);
    assertThat(server.ask("/v1/inspect", "{\"prompt\": \"a\"}").get("tokens")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | prompt | prompt and tokens are missing; send one of them.
          {"prompt": ["a"]} | prompt | prompt must be a string, but is an array.
          {"tokens": [1, 2], "position": 2} | position | position must be between -2 and 1, but is 2.
          {"prompt": "a", "layers": 1} | layers | layers must be an array, but is 1.
          {"prompt": "a", "layers": [null]} | layers[0] | layers[0] must be an integer, but is null.
          {"prompt": "a", "targets": [4096]} | targets | targets[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          {"prompt": "a", "ablate": "all"} | ablate | ablate must be "each" or an array of one or more heads such as {"layer": 0, "head": 1}, but is "all".
          {"prompt": "a", "atention": true} | atention | atention is not a field of this endpoint; did you mean 'attention'?
          {"prompt": "a", "attention": 1} | attention | attention must be true or false, but is 1.
          """)
  void whatIsWrongIsSaid(String body, String param, String message) throws IOException {
    JsonNode error = server.refusal("/v1/inspect", body);
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
  }

  @Test
  void aTextBeyondTheContextIsRefusedWithBothNumbers() throws IOException {
    JsonNode error =
        server.refusal("/v1/inspect", "{\"tokens\": [%s 7]}".formatted("7,".repeat(512)));
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").stringValue()).contains("512", "513");
    assertThat(server.post("/v1/inspect", "{\"prompt\": \"a\", \"model\": \"x\"}").status())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "attention": true | attention | The response would contain 5242901 numbers, 5242880 of them for attention, but the limit is 5000000 (gpt2.max-inspect-values); select fewer layers or heads, or shorten the prompt.
          "logit_lens": true, "top_k": 1000 | logit_lens | The response would contain 7684001 numbers, 7680000 of them for logit_lens, but the limit is 5000000 (gpt2.max-inspect-values); lower top_k, select fewer layers, or shorten the prompt.
          """)
  void anAnswerThatIsTooLargeIsRefusedBeforeItIsComputed(String what, String param, String message)
      throws IOException {
    JsonNode error =
        server.refusal("/v1/inspect", "{\"tokens\": [%s 7], %s}".formatted("7,".repeat(511), what));
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  private static ObjectNode question(JsonNode golden) {
    ObjectNode request = JSON.createObjectNode();
    request.set("prompt", golden.get("prompt"));
    request.set("targets", golden.get("target_ids"));
    return request;
  }

  private static JsonNode ask(ObjectNode request) throws IOException {
    return server.ask("/v1/inspect", request.toString());
  }

  private static void assertClose(JsonNode actual, JsonNode expected, Offset<Double> offset) {
    assertThat(actual).hasSize(expected.size());
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).doubleValue()).isCloseTo(expected.get(i).doubleValue(), offset);
    }
  }

  private static JsonNode golden(String name) throws IOException {
    try (InputStream in = InspectIT.class.getResourceAsStream("/golden/" + name + ".json")) {
      return JSON.readTree(in);
    }
  }
}
