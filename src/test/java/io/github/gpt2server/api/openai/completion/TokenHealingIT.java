package io.github.gpt2server.api.openai.completion;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code token_healing} over the wire, with the embedded model. */
class TokenHealingIT {
  private static final String PATH = "/v1/completions";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int END_OF_TEXT = 4095;

  private static LiveServer server;
  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void start() {
    server = new LiveServer("--gpt2.dtype=float32", "--gpt2.chat-template=plain");
    tokenizer = server.model().tokenizer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** The last of them end inside of a word, with a space, and with a part of a character. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Once upon a ti",
        "The king was ver",
        "The king said: \"",
        "She went to the ",
        "In the middle of the night\n",
        "W",
        "Der Kaiser von \u65e5",
        "A crown \ud83d\udc51"
      })
  void theFirstTokenIsDrawnAmongThoseThatContinueTheLast(String prompt) throws Exception {
    int[] ids = tokenizer.encode(prompt);
    byte[] last = tokenizer.bytes(ids[ids.length - 1]);
    int[] before = ids.length == 1 ? new int[] {END_OF_TEXT} : Arrays.copyOf(ids, ids.length - 1);
    float[] logits = logits(before);
    Set<Integer> drawn = new HashSet<>();
    for (int seed = 0; seed < 12; seed++) {
      double temperature = seed == 0 ? 0 : seed % 2 + 0.5;
      ObjectNode request = request(prompt);
      request.put("seed", seed).put("temperature", temperature);
      JsonNode choice = choice(request);
      int first = choice.get("token_ids").get(0).intValue();
      assertThat(first).isEqualTo(draw(logits, last, temperature, seed));
      drawn.add(first);
      assertThat(choice.get("prompt_token_ids").toString())
          .isEqualTo(JSON.writeValueAsString(before));
      // What is read and generated is the prompt and its completion, byte by byte.
      byte[] all = (prompt + choice.get("text").stringValue()).getBytes(UTF_8);
      ByteArrayOutputStream tokens = new ByteArrayOutputStream();
      IntStream.of(before)
          .filter(token -> token != END_OF_TEXT)
          .forEach(token -> tokens.writeBytes(tokenizer.bytes(token)));
      choice
          .get("token_ids")
          .forEach(
              token ->
                  tokens.writeBytes(
                      tokenizer.special(token.intValue())
                          ? new byte[0]
                          : tokenizer.bytes(token.intValue())));
      assertThat(new String(all, UTF_8)).isEqualTo(tokens.toString(UTF_8));
    }
    assertThat(drawn).hasSizeGreaterThan(prompt.equals("W") ? 1 : 0);
  }

  /** A plain restatement: all other tokens are impossible. */
  private static int draw(float[] logits, byte[] beginning, double temperature, long seed) {
    double[] weights = new double[logits.length];
    double sum = 0;
    int best = -1;
    for (int token = 0; token < logits.length; token++) {
      byte[] bytes = tokenizer.special(token) ? new byte[0] : tokenizer.bytes(token);
      if (bytes.length >= beginning.length
          && Arrays.equals(bytes, 0, beginning.length, beginning, 0, beginning.length)) {
        best = best < 0 || logits[token] > logits[best] ? token : best;
        weights[token] = Math.exp(logits[token] / temperature);
        sum += weights[token];
      }
    }
    if (temperature == 0) {
      return best;
    }
    float[] probabilities = new float[logits.length];
    for (int token = 0; token < logits.length; token++) {
      probabilities[token] = (float) (weights[token] / sum);
    }
    SamplingParameters parameters =
        new SamplingParameters(temperature, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, seed);
    return new TokenSampler(parameters, new int[0], Set.of())
        .sample(FloatBuffer.wrap(probabilities));
  }

  private static float[] logits(int[] prompt) throws InterruptedException {
    GenerationHandle handle =
        server
            .model()
            .engine()
            .submit(
                new Generation(
                    "logits",
                    List.of(SequenceRequest.reading(prompt, PromptProbabilities.NEXT_TOKEN)),
                    Duration.ofSeconds(30),
                    false));
    return ((SequenceEvent.PromptRead) handle.poll(Duration.ofSeconds(30)).orElseThrow())
        .nextTokenLogits();
  }

  @Test
  void logprobsOffsetsEchoAndUsageCountTheTokenThatWasGenerated() throws IOException {
    String prompt = "The king was ver";
    int[] ids = tokenizer.encode(prompt);
    ObjectNode request = request(prompt);
    request.put("temperature", 0).put("logprobs", 2).put("echo", true).put("max_tokens", 4);
    JsonNode whole = ask(request);
    JsonNode choice = whole.get("choices").get(0);
    assertThat(choice.get("text").stringValue()).startsWith("The king was very");
    JsonNode logprobs = choice.get("logprobs");
    String joined =
        logprobs.get("tokens").valueStream().map(JsonNode::stringValue).reduce("", String::concat);
    assertThat(joined).isEqualTo(choice.get("text").stringValue());
    assertThat(logprobs.get("tokens")).hasSize(ids.length - 1 + 4);
    int offset = 0;
    for (int i = 0; i < logprobs.get("tokens").size(); i++) {
      assertThat(logprobs.get("text_offset").get(i).intValue()).isEqualTo(offset);
      offset += logprobs.get("tokens").get(i).stringValue().length();
    }
    assertThat(whole.get("usage").get("prompt_tokens").intValue()).isEqualTo(ids.length - 1);
    assertThat(whole.get("usage").get("completion_tokens").intValue()).isEqualTo(4);

    // The model's own numbers: those of the same tokens, sent as a prompt.
    ObjectNode scored = JSON.createObjectNode();
    scored.set("prompt", tokens(choice));
    scored.put("max_tokens", 0).put("echo", true).put("logprobs", 2);
    JsonNode numbers = choice(scored).get("logprobs");
    assertThat(logprobs.get("token_logprobs")).isEqualTo(numbers.get("token_logprobs"));
    assertThat(logprobs.get("top_logprobs")).isEqualTo(numbers.get("top_logprobs"));

    request.put("echo", false);
    JsonNode alone = choice(request);
    assertThat(prompt + alone.get("text").stringValue())
        .isEqualTo(choice.get("text").stringValue());
    assertThat(alone.get("logprobs").get("text_offset").get(0).intValue()).isLessThan(16);
    assertThat(alone.get("logprobs").get("text_offset").get(1).intValue())
        .isEqualTo(logprobs.get("text_offset").get(ids.length).intValue());
  }

  private static JsonNode tokens(JsonNode choice) {
    var all = JSON.createArrayNode();
    choice.get("prompt_token_ids").forEach(all::add);
    choice.get("token_ids").forEach(all::add);
    return all;
  }

  @Test
  void streamsAndChoicesAreThoseOfWholeAnswers() throws IOException {
    ObjectNode request = request("The king was ver");
    request.put("n", 3).put("seed", 5).put("logprobs", 0);
    JsonNode choices = ask(request).get("choices");
    request.put("stream", true);
    StringBuilder[] texts = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
    for (String line : server.post(PATH, request.toString()).body().lines().toList()) {
      if (line.startsWith("data: {")) {
        JsonNode choice = JSON.readTree(line.substring(6)).get("choices").get(0);
        texts[choice.get("index").intValue()].append(choice.get("text").stringValue());
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(texts[i].toString()).isEqualTo(choices.get(i).get("text").stringValue());
    }
  }

  @Test
  void stopStringsAreLookedForInTheNewText() throws IOException {
    ObjectNode request = request("The king was ver");
    request.put("temperature", 0);
    String text = choice(request).get("text").stringValue();
    assertThat(text).startsWith("y");
    request.put("stop", text.substring(0, 3));
    assertThat(choice(request).get("text").stringValue()).isEmpty();
    assertThat(choice(request).get("stop_reason").stringValue()).isEqualTo(text.substring(0, 3));
    request.put("stop", "ver");
    assertThat(choice(request).get("text").stringValue()).startsWith("y");
  }

  @Test
  void aPromptThatEndsWithASpecialTokenStaysAsItIs() throws IOException {
    for (String prompt : List.of("[309,4095]", "[4095]")) {
      ObjectNode request = request("");
      request.set("prompt", JSON.readTree(prompt));
      request.put("temperature", 0);
      JsonNode healed = choice(request);
      request.remove("token_healing");
      assertThat(healed).isEqualTo(choice(request));
    }
  }

  @Test
  void aPromptOfIdsThatEndsInsideOfACharacterGoesOnThere() throws IOException {
    int[] ids = tokenizer.encode("\u65e5");
    assertThat(ids.length).as("tokens of one character").isGreaterThan(1);
    ObjectNode request = request("");
    request.set("prompt", JSON.valueToTree(Arrays.copyOf(ids, ids.length - 1)));
    int first = choice(request).get("token_ids").get(0).intValue();
    byte[] last = tokenizer.bytes(ids[ids.length - 2]);
    assertThat(Arrays.copyOf(tokenizer.bytes(first), last.length)).isEqualTo(last);
  }

  @Test
  void stopTokensThatLeaveNothingAreRefused() throws IOException {
    int[] ids = tokenizer.encode("\ud83d\udc51");
    int last = ids[ids.length - 1];
    ObjectNode request = request("\ud83d\udc51");
    request.put("min_tokens", 2);
    request.set("stop_token_ids", JSON.createArrayNode().add(last));
    RawHttp.Answer answer = server.post(PATH, request.toString());
    assertThat(answer.status()).isEqualTo(400);
    assertThat(JSON.readTree(answer.body()).get("error").get("message").stringValue())
        .isEqualTo(
            "stop_token_ids has every token that can continue the prompt's last one, so with"
                + " min_tokens = 2 no token can be generated; remove token_healing or min_tokens.");
  }

  @Test
  void chatsGoOnInsideOfAWord() throws IOException {
    JsonNode choice =
        server
            .ask(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"assistant\",\"content\":\"The king was ver\"}],"
                    + "\"continue_final_message\":true,\"echo\":true,\"token_healing\":true,"
                    + "\"temperature\":0,\"max_tokens\":4}")
            .get("choices")
            .get(0);
    assertThat(choice.get("message").get("content").stringValue()).startsWith("The king was very");
  }

  private static ObjectNode request(String prompt) {
    return JSON.createObjectNode()
        .put("prompt", prompt)
        .put("token_healing", true)
        .put("return_token_ids", true)
        .put("max_tokens", 8);
  }

  private static JsonNode ask(ObjectNode request) throws IOException {
    return server.ask(PATH, request.toString());
  }

  private static JsonNode choice(ObjectNode request) throws IOException {
    return ask(request).get("choices").get(0);
  }
}
