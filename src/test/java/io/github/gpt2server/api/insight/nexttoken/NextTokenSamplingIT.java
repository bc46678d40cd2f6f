package io.github.gpt2server.api.insight.nexttoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields {@code sampling} and {@code encoding_format} of next-token, with the embedded model.
 */
@SharedServer
class NextTokenSamplingIT {
  private static final String PROMPT = "The king and the old king were";
  private static final String REPEATING = "The king said to the queen: come. The king said to the";

  private static LiveServer server;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"temperature\": 1.4, \"top_k\": 8, \"repetition_penalty\": 1.6",
        "\"top_p\": 0.8, \"min_p\": 0.05, \"logit_bias\": {\"300\": 3.5}",
        "\"typical_p\": 0.6, \"temperature\": 1.2, \"presence_penalty\": 2",
        "\"allowed_token_ids\": [11, 258, 262, 286, 290, 565], \"temperature\": 2",
        "\"top_k\": 20, \"bad_words\": [\"queen\", \"king\", \"old king\"]",
        "\"top_k\": 20, \"temperature\": 1.5, \"no_repeat_ngram_size\": 2",
        "\"top_k\": 20, \"dry_multiplier\": 0.5, \"dry_allowed_length\": 1",
        "\"top_k\": 20, \"xtc_probability\": 0.4, \"xtc_threshold\": 0.03",
        "\"top_k\": 20, \"xtc_probability\": 1, \"xtc_threshold\": 0.03",
        "\"mirostat\": 1, \"mirostat_tau\": 2.5",
        "\"mirostat\": 2, \"mirostat_tau\": 3"
      })
  void probabilitiesAreTheFrequenciesOfDrawnTokens(String sampling) throws IOException {
    Map<Integer, Double> probabilities = new TreeMap<>();
    JsonNode answer =
        server.ask(
            "/v1/next-token",
            "{\"prompt\": \"%s\", \"top_k\": 4096, \"sampling\": {%s}}"
                .formatted(REPEATING, sampling));
    for (JsonNode token : answer.get("top")) {
      double probability = token.get("sampling_probability").doubleValue();
      assertThat(probability > 0).isEqualTo(token.get("removed_by").isNull());
      if (probability > 0) {
        probabilities.put(token.get("token_id").intValue(), probability);
      }
    }
    assertThat(probabilities.values().stream().mapToDouble(x -> x).sum())
        .isCloseTo(1, within(1e-5));
    assertThat(probabilities.size()).isBetween(3, 400);

    Map<Integer, Long> drawn = new HashMap<>();
    int draws = 0;
    for (int seed = 0; seed < 16; seed++) {
      JsonNode drawing =
          server.ask(
              "/v1/completions",
              """
              {"prompt": "%s", "max_tokens": 1, "n": 128, "seed": %d, "return_token_ids": true, %s}
              """
                  .formatted(REPEATING, 7000 + seed, sampling));
      for (JsonNode choice : drawing.get("choices")) {
        drawn.merge(choice.at("/token_ids/0").intValue(), 1L, Long::sum);
        draws++;
      }
    }

    assertThat(probabilities.keySet()).containsAll(drawn.keySet());
    int total = draws;
    // Pearson's test wants at least five expected draws: the rare tokens count as one.
    List<Integer> frequent =
        probabilities.keySet().stream().filter(id -> probabilities.get(id) * total >= 5).toList();
    double[] expected = new double[frequent.size() + 1];
    long[] observed = new long[expected.length];
    for (int i = 0; i < frequent.size(); i++) {
      expected[i] = probabilities.get(frequent.get(i)) * total;
      observed[i] = drawn.getOrDefault(frequent.get(i), 0L);
    }
    double rest = total;
    long others = total;
    for (int i = 0; i < frequent.size(); i++) {
      rest -= expected[i];
      others -= observed[i];
    }
    expected[frequent.size()] = Math.max(rest, 1e-3);
    observed[frequent.size()] = others;
    assertThat(new ChiSquareTest().chiSquareTest(expected, observed)).isGreaterThan(0.001);
  }

  /** What each rule removes and changes, so that none is accepted without effect. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "allowed_token_ids": [258, 262] | mask | 4094
          "bad_words": ["queen", "king", "old king"] | mask | 3
          "no_repeat_ngram_size": 2 | mask | 1
          "dry_multiplier": 0.5, "dry_allowed_length": 1 | null | 4096
          "xtc_probability": 0.4, "xtc_threshold": 0.03 | null | 4096
          "xtc_probability": 1, "xtc_threshold": 0.03 | xtc | 3
          "mirostat": 1, "mirostat_tau": 2.5 | mirostat | 4090
          "mirostat": 2, "mirostat_tau": 3 | mirostat | 4090
          """)
  void everyRuleHasItsEffect(String sampling, String removedBy, int count) throws IOException {
    String form = "{\"prompt\": \"%s\", \"top_k\": 4096, \"sampling\": {%s}}";
    JsonNode with = server.ask("/v1/next-token", form.formatted(REPEATING, sampling)).get("top");
    JsonNode without = server.ask("/v1/next-token", form.formatted(REPEATING, "")).get("top");

    Map<String, Integer> removed = new TreeMap<>();
    with.forEach(token -> removed.merge(token.get("removed_by").asString("null"), 1, Integer::sum));
    assertThat(removed).containsEntry(removedBy, count);
    assertThat(removed.keySet()).isSubsetOf("null", removedBy);
    assertThat(with.get(0).get("sampling_probability"))
        .isNotEqualTo(without.get(0).get("sampling_probability"));
    for (int i = 0; i < 4096; i++) {
      assertThat(with.get(i).get("logprob")).isEqualTo(without.get(i).get("logprob"));
    }
  }

  @Test
  void anEmptyObjectIsSamplingFromTheModelsDistribution() throws IOException {
    JsonNode answer = ask("\"sampling\": {}, \"temperature\": 0.5, \"candidates\": [\" angry\"]");
    JsonNode plain = ask("\"candidates\": [\" angry\"]");

    for (int i = 0; i < 10; i++) {
      JsonNode token = answer.at("/top/" + i);
      assertThat(token.propertyNames())
          .containsExactly(
              "token_id",
              "token",
              "bytes",
              "probability",
              "logprob",
              "rank",
              "sampling_probability",
              "removed_by");
      // The outer temperature concerns the reported distribution alone.
      assertThat(token.get("sampling_probability").doubleValue())
          .isCloseTo(plain.at("/top/" + i + "/probability").doubleValue(), within(1e-6));
      assertThat(token.get("removed_by").isNull()).isTrue();
      assertThat(plain.at("/top/" + i).has("sampling_probability")).isFalse();
    }
    assertThat(answer.at("/candidates/0/sampling_probability").doubleValue())
        .isCloseTo(plain.at("/candidates/0/probability").doubleValue(), within(1e-6));
    assertThat(plain.at("/candidates/0").has("removed_by")).isFalse();
  }

  @Test
  void greedyIsOneAndZeroAndAMaskIsNamed() throws IOException {
    JsonNode greedy =
        ask(
            "\"top_k\": 4096, \"sampling\": {\"temperature\": 0, \"min_tokens\": 1},"
                + " \"candidates\": [\"<|endoftext|>\", \" king and queen\"]");

    for (int i = 0; i < 4096; i++) {
      JsonNode token = greedy.at("/top/" + i);
      boolean end = token.get("token_id").intValue() == 4095;
      assertThat(token.get("sampling_probability").doubleValue()).isEqualTo(i == 0 ? 1 : 0);
      assertThat(token.get("removed_by").toString()).isEqualTo(end ? "\"mask\"" : "null");
    }
    assertThat(greedy.at("/candidates/0/removed_by").stringValue()).isEqualTo("mask");
    JsonNode several = greedy.at("/candidates/1");
    assertThat(several.get("token_ids").size()).isGreaterThan(1);
    assertThat(several.get("sampling_probability").doubleValue()).isZero();
    assertThat(several.get("removed_by").isNull()).isTrue();
  }

  /** Pairs of tokens, whose second is drawn with what the first one changes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"top_k\": 5, \"temperature\": 1.5, \"presence_penalty\": 2",
        "\"top_k\": 5, \"no_repeat_ngram_size\": 1",
        "\"top_k\": 5, \"xtc_probability\": 0.5, \"xtc_threshold\": 0.03",
        "\"mirostat\": 2, \"mirostat_tau\": 1.5, \"mirostat_eta\": 1",
        "\"mirostat\": 1, \"mirostat_tau\": 1.5, \"mirostat_eta\": 1"
      })
  void candidatesOfSeveralTokensHaveTheProbabilityOfTheirDraws(String sampling) throws IOException {
    Map<String, Long> some = pairs(sampling, 1, 1);
    List<String> texts =
        some.keySet().stream()
            .filter(text -> server.model().tokenizer().encode(text).length == 2)
            .toList();
    assertThat(texts).hasSizeGreaterThan(2);
    ObjectNode request =
        JsonMapper.shared().createObjectNode().put("prompt", REPEATING).put("top_k", 0);
    texts.forEach(request.withArray("candidates")::add);
    request.set("sampling", JsonMapper.shared().readTree("{" + sampling + "}"));

    JsonNode candidates = server.ask("/v1/next-token", request.toString()).get("candidates");

    int requests = 12;
    Map<String, Long> drawn = pairs(sampling, 100, requests);
    double n = 128 * requests;
    double all = 0;
    for (JsonNode candidate : candidates) {
      double p = candidate.get("sampling_probability").doubleValue();
      long seen = drawn.getOrDefault(candidate.get("text").stringValue(), 0L);
      assertThat((double) seen)
          .as(candidate.toString())
          .isCloseTo(n * p, within(4.5 * Math.sqrt(n * p * (1 - p)) + 1));
      assertThat(candidate.get("removed_by").isNull()).isTrue();
      assertThat(p).isPositive();
      all += p;
    }
    assertThat(all).isBetween(0.2, 1.00001);
  }

  /** The number of times that each text of two tokens is drawn. */
  private static Map<String, Long> pairs(String sampling, int seed, int requests)
      throws IOException {
    Map<String, Long> drawn = new TreeMap<>();
    for (int i = 0; i < requests; i++) {
      JsonNode answer =
          server.ask(
              "/v1/completions",
              "{\"prompt\": \"%s\", \"max_tokens\": 2, \"n\": 128, \"seed\": %d, %s}"
                  .formatted(REPEATING, seed + i, sampling));
      for (JsonNode choice : answer.get("choices")) {
        drawn.merge(choice.get("text").stringValue(), 1L, Long::sum);
      }
    }
    return drawn;
  }

  @Test
  void theFirstTokenThatCannotBeDrawnDecidesOnACandidate() throws IOException {
    String candidates = "\"candidates\": [\" king and king\", \"<|endoftext|> king\"], ";
    JsonNode answer =
        ask(candidates + "\"sampling\": {\"bad_words\": [\"and king\"]}").get("candidates");
    assertThat(answer.at("/0/sampling_probability").doubleValue()).isZero();
    assertThat(answer.at("/0/removed_by").stringValue()).isEqualTo("mask");
    // Nothing is drawn after the end of a text, unless that is ignored.
    assertThat(answer.at("/1/sampling_probability").doubleValue()).isZero();
    assertThat(answer.at("/1/removed_by").isNull()).isTrue();
    JsonNode ignoring = ask(candidates + "\"sampling\": {\"ignore_eos\": true}");
    for (int i = 0; i < 2; i++) {
      JsonNode candidate = ignoring.at("/candidates/" + i);
      double p = candidate.get("probability").doubleValue();
      assertThat(p).isPositive();
      assertThat(candidate.get("sampling_probability").doubleValue())
          .isCloseTo(p, within(1e-5 * p));
    }
    JsonNode filtered = ask(candidates + "\"sampling\": {\"top_k\": 1}");
    assertThat(filtered.at("/candidates/0/removed_by").stringValue()).isEqualTo("top_k");
    JsonNode exhausted =
        ask(
            "\"candidates\": [\" king king\"], \"sampling\": {\"allowed_token_ids\": [%d],"
                    .formatted(server.model().tokenizer().encode(" king")[0])
                + " \"no_repeat_ngram_size\": 3, \"logit_bias\": {}}");
    assertThat(exhausted.at("/candidates/0/sampling_probability").doubleValue()).isEqualTo(1);
  }

  @Test
  void base64HoldsTheSameNumbers() throws IOException {
    String sampling =
        "\"top_k\": 4096, \"sampling\": {\"top_k\": 900, \"typical_p\": 0.95, \"top_p\": 0.97,"
            + " \"min_p\": 0.01, \"min_tokens\": 1, \"xtc_probability\": 1, \"xtc_threshold\": 0.02}";
    JsonNode plain = ask(sampling).get("top");
    JsonNode packed = ask(sampling + ", \"encoding_format\": \"base64\"").get("top");

    assertThat(packed.propertyNames())
        .containsExactlyInAnyOrder("token_ids", "logprobs", "sampling_probabilities", "removed_by");
    ByteBuffer ids = bytes(packed.get("token_ids"));
    ByteBuffer logprobs = bytes(packed.get("logprobs"));
    ByteBuffer probabilities = bytes(packed.get("sampling_probabilities"));
    assertThat(List.of(ids.limit(), logprobs.limit(), probabilities.limit()))
        .containsOnly(4 * 4096);
    List<String> names = List.of("mask", "top_k", "typical_p", "top_p", "min_p", "mirostat", "xtc");
    ByteBuffer removedBy = bytes(packed.get("removed_by"));
    assertThat(removedBy.limit()).isEqualTo(4096);
    Set<String> seen = new TreeSet<>();
    double sum = 0;
    for (JsonNode token : plain) {
      assertThat(ids.getInt()).isEqualTo(token.get("token_id").intValue());
      float logprob = logprobs.getFloat();
      assertThat(logprob).isEqualTo((float) token.get("logprob").doubleValue());
      assertThat(probabilities.getFloat())
          .isEqualTo((float) token.get("sampling_probability").doubleValue());
      String removal = token.get("removed_by").asString("");
      assertThat((int) removedBy.get()).isEqualTo(names.indexOf(removal) + 1);
      seen.add(removal);
      sum += Math.exp(logprob);
    }
    assertThat(sum).isCloseTo(1, within(1e-4));
    assertThat(seen).containsExactly("", "mask", "min_p", "top_k", "top_p", "typical_p", "xtc");
    JsonNode mirostat =
        ask("\"top_k\": 4096, \"sampling\": {\"mirostat\": 2}, \"encoding_format\": \"base64\"");
    assertThat(bytes(mirostat.at("/top/removed_by")).get(4095)).isEqualTo((byte) 6);
  }

  @Test
  void base64HoldsEachPromptsTokens() throws IOException {
    JsonNode results =
        server
            .ask(
                "/v1/next-token",
                "{\"prompt\": [\"A\", \"The king\"], \"top_k\": 2, \"encoding_format\": \"base64\"}")
            .get("results");
    JsonNode plain =
        server
            .ask("/v1/next-token", "{\"prompt\": [\"A\", \"The king\"], \"top_k\": 2}")
            .get("results");

    for (int i = 0; i < 2; i++) {
      assertThat(results.at("/" + i + "/top").size()).isEqualTo(2);
      ByteBuffer ids = bytes(results.at("/" + i + "/top/token_ids"));
      assertThat(ids.limit()).isEqualTo(8);
      assertThat(ids.getInt()).isEqualTo(plain.at("/" + i + "/top/0/token_id").intValue());
      assertThat(ids.getInt()).isEqualTo(plain.at("/" + i + "/top/1/token_id").intValue());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "sampling": {"top_p": 2} | sampling.top_p | sampling.top_p must be between 0 and 1, but is 2.
          "sampling": {"logit_bias": {"x": 1}} | sampling.logit_bias | sampling.logit_bias has the key "x", which is not a token id; the vocabulary has ids from 0 to 4095.
          "sampling": {"stop_token_ids": [4096]} | sampling.stop_token_ids | sampling.stop_token_ids[0] is 4096, which is not a token id; the vocabulary has ids from 0 to 4095.
          "sampling": {"tmperature": 2} | sampling.tmperature | sampling.tmperature is not a field of this endpoint; did you mean 'temperature'?
          "sampling": {"allowed_token_ids": []} | sampling.allowed_token_ids | sampling.allowed_token_ids is empty, so that no token could be generated; send at least one token id, or remove it.
          "sampling": {"allowed_token_ids": [64], "bad_words": ["a"]} | sampling.bad_words | sampling.bad_words excludes every token of allowed_token_ids; remove one of the words, or allow more tokens.
          "sampling": {"bad_words": [" "]} | sampling.bad_words[0] | sampling.bad_words[0] has nothing but white space; send a word, or use logit_bias with -100 for a token.
          "sampling": {"dry_sequence_breakers": [5]} | sampling.dry_sequence_breakers | sampling.dry_sequence_breakers must be an array of strings, but contains 5; send one, such as ["\\n", ":"].
          "sampling": {"xtc_probability": 1, "temperature": 0} | sampling.xtc_probability | sampling.xtc_probability changes how tokens are drawn, but temperature is 0, which draws none; set temperature, or remove xtc_probability.
          "sampling": {"mirostat": 2, "top_k": 5} | sampling.top_k | sampling.top_k cannot be combined with mirostat, which takes its place; remove one.
          "sampling": {"penalty_alpha": 0.5} | sampling.penalty_alpha | sampling.penalty_alpha is 0.5, which is not supported here; remove it: a contrastive search draws nothing.
          "sampling": {"allowed_token_ids": [32], "no_repeat_ngram_size": 1} | sampling | sampling leaves no token that could be drawn; exclude fewer tokens.
          "mirostat": 2 | mirostat | mirostat is 2, which is not supported here; put it into sampling, which reports what would be drawn.
          "sampling": {"response_format": {"type": "json_object"}} | sampling.response_format | sampling.response_format is an object, which is not supported here; send it to POST /v1/completions, where return_structured_mass reports what it excludes.
          "sampling": 1 | sampling | sampling must be an object, but is 1.
          "top_p": 0.5 | top_p | top_p is 0.5, which is not supported here; put it into sampling, which reports what would be drawn.
          "encoding_format": "hex" | encoding_format | encoding_format must be float or base64, but is "hex".
          "encoding_format": 5 | encoding_format | encoding_format must be a string, but is 5.
          """)
  void whatIsWrongIsRefused(String fields, String param, String message) throws IOException {
    JsonNode error = server.refusal("/v1/next-token", "{\"prompt\": \"A\", " + fields + "}");
    assertThat(error.get("message").stringValue()).isEqualTo(message);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
  }

  @Test
  void whatRequestsNothingPasses() throws IOException {
    RawHttp.Answer answer =
        server.post(
            "/v1/next-token",
            "{\"prompt\": \"A\", \"sampling\": null, \"encoding_format\": \"float\", \"top_p\": 1}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(JsonMapper.shared().readTree(answer.body()).at("/top/0").has("removed_by"))
        .isFalse();
  }

  private static JsonNode ask(String fields) throws IOException {
    return server.ask("/v1/next-token", "{\"prompt\": \"" + PROMPT + "\", " + fields + "}");
  }

  private static ByteBuffer bytes(JsonNode base64) {
    return ByteBuffer.wrap(Base64.getDecoder().decode(base64.stringValue()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
