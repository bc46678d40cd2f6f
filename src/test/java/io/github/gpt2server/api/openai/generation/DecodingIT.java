package io.github.gpt2server.api.openai.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The further fields of decoding over the wire, with the embedded model. Each token of an answer is
 * the one that the field's definition picks from all log-probabilities that the answer reports.
 */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.chat-template=plain"})
class DecodingIT {
  private static final String PATH = "/v1/completions";
  private static final int VOCABULARY = 4096;
  private static final String REPEATING =
      "The king said to the queen: come. The king said to the queen: go. The king said to";

  private static LiveServer server;

  @Test
  void onlyAllowedTokensAreGenerated() throws IOException {
    int[] allowed = {11, 13, 258, 262, 286, 290, 565};
    assertGreedy(
        "\"allowed_token_ids\": " + Arrays.toString(allowed),
        40,
        (text, row) -> {
          for (int token = 0; token < VOCABULARY; token++) {
            if (Arrays.binarySearch(allowed, token) < 0) {
              row[token] = Double.NEGATIVE_INFINITY;
            }
          }
        });
  }

  @Test
  void badWordsAreNotGenerated() throws IOException {
    List<int[]> words = new ArrayList<>();
    Gpt2Tokenizer tokenizer = server.model().tokenizer();
    for (String word : List.of("king", "queen", "the king", "come")) {
      words.add(tokenizer.encode(word));
      words.add(tokenizer.encode(" " + word));
    }
    int prompt = tokenizer.encode(REPEATING).length;
    String text =
        assertGreedy(
            "\"bad_words\": [\"king\", \"queen\", \"the king\", \"come\"]",
            40,
            (before, row) -> {
              for (int[] word : words) {
                int first = before.size() - word.length + 1;
                List<Integer> rest = IntStream.of(word).limit(word.length - 1).boxed().toList();
                if (first >= prompt && before.subList(first, before.size()).equals(rest)) {
                  row[word[word.length - 1]] = Double.NEGATIVE_INFINITY;
                }
              }
            });
    assertThat(text).doesNotContain("king", "queen", "come");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void ngramsAreNotRepeated(int size) throws IOException {
    assertGreedy(
        "\"no_repeat_ngram_size\": " + size,
        60,
        (text, row) -> {
          List<Integer> last = text.subList(text.size() - size + 1, text.size());
          for (int i = 0; i + size <= text.size(); i++) {
            if (text.subList(i, i + size - 1).equals(last)) {
              row[text.get(i + size - 1)] = Double.NEGATIVE_INFINITY;
            }
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"0.8, 1.75, 2, -1", "2, 1.2, 1, 12", "0.3, 3, 3, 40"})
  void dryPenalisesRepetitions(double multiplier, double base, int allowed, int range)
      throws IOException {
    Gpt2Tokenizer tokenizer = server.model().tokenizer();
    assertGreedy(
        "\"dry_multiplier\": %s, \"dry_base\": %s, \"dry_allowed_length\": %d, \"dry_penalty_last_n\": %d"
            .formatted(multiplier, base, allowed, range),
        60,
        (text, row) -> {
          List<Integer> searched =
              range < 0 ? text : text.subList(Math.max(0, text.size() - range), text.size());
          int most = 0;
          while (most < searched.size()
              && !breaks(tokenizer, searched.get(searched.size() - 1 - most))) {
            most++;
          }
          Map<Integer, Integer> longest = new HashMap<>();
          for (int next = 1; next < searched.size(); next++) {
            int length = 0;
            while (length < Math.min(next, most)
                && searched
                    .get(next - 1 - length)
                    .equals(searched.get(searched.size() - 1 - length))) {
              length++;
            }
            if (length >= allowed && !breaks(tokenizer, searched.get(next))) {
              longest.merge(searched.get(next), length, Math::max);
            }
          }
          longest.forEach(
              (token, length) -> row[token] -= multiplier * Math.pow(base, length - allowed));
        });
  }

  /** Returns whether a token contains one of the default breakers. */
  private static boolean breaks(Gpt2Tokenizer tokenizer, int token) {
    return tokenizer.decode(token).matches("(?s).*[\n:\"*].*");
  }

  /** Generates greedily and compares each token with the likeliest after an edit. */
  private static String assertGreedy(
      String field, int count, BiConsumer<List<Integer>, double[]> edit) throws IOException {
    JsonNode choice = ask(field + ", \"temperature\": 0, \"logprobs\": 4096", count, 0);
    List<Integer> text = ints(choice.get("prompt_token_ids"));
    boolean mattered = false;
    for (int i = 0; i < choice.get("token_ids").size(); i++) {
      double[] row = row(choice, i);
      int raw = likeliest(row);
      edit.accept(text, row);
      int token = choice.get("token_ids").get(i).intValue();
      assertThat(token).as("token %d after %s", i, text).isEqualTo(likeliest(row));
      mattered |= token != raw;
      text.add(token);
    }
    assertThat(mattered).as("the field changed a token").isTrue();
    return choice.get("text").stringValue();
  }

  @Test
  void xtcRemovesTopChoices() throws IOException {
    long seed = 11;
    SplittableRandom numbers = new SplittableRandom(seed);
    SplittableRandom chances = new SplittableRandom(seed).split();
    JsonNode choice =
        ask("\"xtc_probability\": 0.6, \"xtc_threshold\": 0.05, \"logprobs\": 4096", 60, seed);
    int removed = 0;
    for (int i = 0; i < choice.get("token_ids").size(); i++) {
      double[] p = probabilities(row(choice, i));
      double u = uniform(numbers);
      if (uniform(chances) < 0.6) {
        List<Integer> top = ranked(p).stream().filter(token -> p[token] >= 0.05).toList();
        for (int j = 0; j < top.size() - 1; j++) {
          p[top.get(j)] = 0;
          removed++;
        }
      }
      assertThat(choice.get("token_ids").get(i).intValue()).as("%d", i).isEqualTo(draw(p, u));
    }
    assertThat(removed).isGreaterThan(20);
  }

  @Test
  void mirostatKeepsTheSurpriseNearItsTarget() throws IOException {
    long seed = 12;
    double tau = 3;
    double mu = 2 * tau;
    SplittableRandom numbers = new SplittableRandom(seed);
    JsonNode choice =
        ask(
            "\"mirostat\": 2, \"mirostat_tau\": 3, \"mirostat_eta\": 0.2, \"logprobs\": 4096",
            80,
            seed);
    double sum = 0;
    for (int i = 0; i < choice.get("token_ids").size(); i++) {
      double[] p = probabilities(row(choice, i));
      List<Integer> ranked = ranked(p);
      for (int j = 1; j < ranked.size(); j++) {
        if (-Math.log(p[ranked.get(j)]) / Math.log(2) > mu) {
          p[ranked.get(j)] = 0;
        }
      }
      int token = draw(p, uniform(numbers));
      assertThat(choice.get("token_ids").get(i).intValue()).as("%d", i).isEqualTo(token);
      double surprise = -Math.log(p[token] / Arrays.stream(p).sum()) / Math.log(2);
      mu -= 0.2 * (surprise - tau);
      sum += surprise;
    }
    assertThat(sum / choice.get("token_ids").size()).isBetween(2.4, 3.6);
  }

  @Test
  void answersAreTheSameStreamedInCompanyAndAsAChat() throws IOException {
    String all =
        "\"bad_words\": [\"king\"], \"no_repeat_ngram_size\": 3, \"dry_multiplier\": 0.5, %s";
    for (String last :
        List.of(
            "\"xtc_probability\": 0.5, \"xtc_threshold\": 0.05",
            "\"mirostat\": 1, \"mirostat_tau\": 4",
            "\"mirostat\": 2, \"mirostat_tau\": 4")) {
      String fields = all.formatted(last);
      String alone = ask(fields, 40, 5).get("text").stringValue();
      assertThat(ask(fields + ", \"n\": 4", 40, 5).get("text").stringValue()).isEqualTo(alone);
      assertThat(
              ask(fields + ", \"best_of\": 1, \"stream\": false", 40, 5).get("text").stringValue())
          .isEqualTo(alone);
      assertThat(streamed(fields)).isEqualTo(alone);
      assertThat(ask(fields, 40, 6).get("text").stringValue()).isNotEqualTo(alone);

      String chat =
          "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}], \"max_tokens\": 40,"
              + " \"seed\": 5, "
              + fields
              + "}";
      String completion =
          "{\"prompt\": \"User: Hello\\nAssistant:\", \"stop\": [\"\\nUser:\"], \"max_tokens\": 40,"
              + " \"seed\": 5, "
              + fields
              + "}";
      assertThat(
              server
                  .ask("/v1/chat/completions", chat)
                  .at("/choices/0/message/content")
                  .stringValue())
          .isEqualTo(server.ask(PATH, completion).at("/choices/0/text").stringValue());
    }
  }

  private static String streamed(String fields) throws IOException {
    StringBuilder text = new StringBuilder();
    String body = server.post(PATH, request(fields + ", \"stream\": true", 40, 5)).body();
    for (String line : body.lines().filter(each -> each.startsWith("data: {")).toList()) {
      text.append(
          JsonMapper.shared()
              .readTree(line.substring("data: ".length()))
              .at("/choices/0/text")
              .stringValue());
    }
    return text.toString();
  }

  @Test
  void rulesHoldWithinAFormOfTheText() throws IOException {
    String form = "\"structured_outputs\": {\"regex\": \" (king|queen|prince)\"}";
    for (double temperature : new double[] {0, 1}) {
      Set<String> texts = new HashSet<>();
      for (int seed = 0; seed < 5; seed++) {
        texts.add(
            ask(
                    form
                        + ", \"bad_words\": [\"king\", \"queen\"], \"temperature\": "
                        + temperature,
                    10,
                    seed)
                .get("text")
                .stringValue());
      }
      assertThat(texts).containsExactly(" prince");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1})
  void aTextThatCannotGoOnIsAnErrorOfTheRequest(double temperature) throws IOException {
    String fields =
        "\"allowed_token_ids\": [258, 262], \"no_repeat_ngram_size\": 1, \"prompt\": [11],"
            + " \"max_tokens\": 9, \"temperature\": "
            + temperature;
    String message =
        "The request's fields exclude every token after 2 generated tokens: allowed_token_ids,"
            + " bad_words, no_repeat_ngram_size, min_tokens, token_healing and the form of the text"
            + " together leave none. Relax one of them, or ask for fewer tokens.";
    JsonNode refusal = server.refusal(PATH, "{" + fields + "}");
    assertThat(refusal.get("message").stringValue()).isEqualTo(message);
    assertThat(refusal.get("type").stringValue()).isEqualTo("invalid_request_error");
    assertThat(server.post(PATH, "{" + fields + ", \"stream\": true}").body())
        .contains("event: error\ndata: {\"error\":{\"message\":\"" + message)
        .doesNotContain("[DONE]");
    // Others go on, with two tokens too.
    JsonNode two = server.ask(PATH, "{" + fields.replace(": 9", ": 2") + "}");
    assertThat(two.at("/usage/completion_tokens").intValue()).isEqualTo(2);
  }

  private static JsonNode ask(String fields, int count, long seed) throws IOException {
    return server.ask(PATH, request(fields, count, seed)).at("/choices/0");
  }

  private static String request(String fields, int count, long seed) {
    ObjectNode base =
        JsonMapper.shared()
            .createObjectNode()
            .put("prompt", REPEATING)
            .put("max_tokens", count)
            .put("seed", seed)
            .put("return_token_ids", true);
    String json = base.toString();
    return json.substring(0, json.length() - 1) + ", " + fields + "}";
  }

  /** The log-probability of every token at a position. */
  private static double[] row(JsonNode choice, int position) {
    JsonNode top = choice.at("/logprobs/top_logprobs").get(position);
    double[] row = new double[VOCABULARY];
    for (int token = 0; token < VOCABULARY; token++) {
      row[token] = top.get(server.model().tokenizer().token(token)).doubleValue();
    }
    return row;
  }

  private static double[] probabilities(double[] logprobs) {
    return Arrays.stream(logprobs).map(Math::exp).toArray();
  }

  private static int likeliest(double[] row) {
    return IntStream.range(0, row.length).reduce(0, (a, b) -> row[b] > row[a] ? b : a);
  }

  private static List<Integer> ranked(double[] p) {
    return IntStream.range(0, p.length)
        .boxed()
        .sorted((a, b) -> p[a] == p[b] ? a - b : Double.compare(p[b], p[a]))
        .toList();
  }

  /** The first token by id at which the share of the sum exceeds {@code u}. */
  private static int draw(double[] p, double u) {
    double target = u * Arrays.stream(p).sum();
    double reached = 0;
    int last = -1;
    for (int token = 0; token < p.length; token++) {
      if (p[token] > 0) {
        last = token;
        reached += p[token];
        if (reached > target) {
          break;
        }
      }
    }
    return last;
  }

  private static double uniform(SplittableRandom random) {
    return (random.nextLong() >>> 11) * 0x1.0p-53;
  }

  private static List<Integer> ints(JsonNode array) {
    List<Integer> values = new ArrayList<>();
    array.forEach(value -> values.add(value.intValue()));
    return values;
  }
}
