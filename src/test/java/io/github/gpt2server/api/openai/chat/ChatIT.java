package io.github.gpt2server.api.openai.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Chats over the wire, with a model whose folder has a chat template. */
class ChatIT {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PATH = "/v1/chat/completions";

  private static final String TEMPLATE =
      "{% for message in messages %}<{{ message.role }}> {{ message.content }}{{ eos_token }}\n"
          + "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

  private static final String CHAT =
      "{\"messages\": [{\"role\": \"system\", \"content\": \"Tales\"}, {\"role\": \"user\","
          + " \"content\": \"The king <|endoftext|> {{ 1 }}\"}], \"max_tokens\": 20,"
          + " \"temperature\": 0}";

  private static final String PROMPT =
      "<system> Tales<|endoftext|>\n<user> The king <|endoftext|> {{ 1 }}<|endoftext|>\n"
          + "<assistant>";

  @TempDir private static Path folder;
  private static LiveServer server;

  @BeforeAll
  static void start() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("models/gpt2-fairytales"))) {
      for (Path file : files.toList()) {
        Files.createSymbolicLink(folder.resolve(file.getFileName()), file.toAbsolutePath());
      }
    }
    Files.deleteIfExists(folder.resolve("tokenizer_config.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        JSON.writeValueAsString(Map.of("chat_template", TEMPLATE)));
    server =
        new LiveServer(
            "--gpt2.model=" + folder,
            "--gpt2.dtype=float32",
            "--gpt2.trust-request-chat-template=true");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aChatIsTheCompletionOfItsPrompt() throws IOException {
    JsonNode chat =
        server.ask(PATH, with(CHAT, "logprobs", true, "top_logprobs", 3, "return_token_ids", true));
    JsonNode completion =
        server.ask(
            "/v1/completions",
            with(
                "{\"max_tokens\": 20, \"temperature\": 0, \"logprobs\": 3}",
                "prompt",
                PROMPT,
                "return_token_ids",
                true));

    assertThat(chat.propertyNames())
        .containsExactly("id", "object", "created", "model", "choices", "usage");
    assertThat(chat.get("id").stringValue()).startsWith("chatcmpl-");
    assertThat(chat.get("object").stringValue()).isEqualTo("chat.completion");
    JsonNode answer = chat.at("/choices/0");
    JsonNode text = completion.at("/choices/0");
    assertThat(answer.at("/message/role").stringValue()).isEqualTo("assistant");
    assertThat(answer.at("/message/content")).isEqualTo(text.get("text"));
    assertThat(answer.at("/message/refusal").isNull()).isTrue();
    assertThat(answer.get("finish_reason").stringValue()).isEqualTo("length");
    assertThat(answer.get("token_ids")).isEqualTo(text.get("token_ids"));
    assertThat(answer.get("prompt_token_ids")).isEqualTo(text.get("prompt_token_ids"));
    assertThat(answer.get("prompt_token_ids").valueStream().filter(id -> id.intValue() == 4095))
        .hasSize(3);
    assertThat(chat.at("/usage/total_tokens")).isEqualTo(completion.at("/usage/total_tokens"));
    assertSameLogprobs(answer.at("/logprobs/content"), text.get("logprobs"));
  }

  private static void assertSameLogprobs(JsonNode chat, JsonNode completion) {
    assertThat(chat).hasSize(20);
    for (int i = 0; i < chat.size(); i++) {
      JsonNode token = chat.get(i);
      String name = token.get("token").stringValue();
      assertThat(name).isEqualTo(completion.get("tokens").get(i).stringValue());
      assertThat(token.get("logprob")).isEqualTo(completion.get("token_logprobs").get(i));
      assertThat(bytes(token)).isEqualTo(name);
      assertThat(token.get("top_logprobs")).hasSize(3);
      JsonNode others = completion.get("top_logprobs").get(i);
      double above = 0;
      for (JsonNode top : token.get("top_logprobs")) {
        assertThat(top.get("logprob")).isEqualTo(others.get(top.get("token").stringValue()));
        assertThat(bytes(top)).isEqualTo(top.get("token").stringValue());
        assertThat(top.get("logprob").doubleValue()).isLessThanOrEqualTo(above);
        above = top.get("logprob").doubleValue();
      }
      // Greedy: the token is the likeliest.
      assertThat(token.at("/top_logprobs/0/token").stringValue()).isEqualTo(name);
    }
  }

  private static String bytes(JsonNode token) {
    byte[] bytes = new byte[token.get("bytes").size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) token.get("bytes").get(i).intValue();
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void aStreamBeginsWithTheRoleAndJoinsToTheAnswer() throws IOException {
    String sampled =
        with(CHAT, "n", 2, "seed", 3, "temperature", 1, "logprobs", true, "max_tokens", 12);
    JsonNode whole = server.ask(PATH, sampled);
    List<JsonNode> chunks =
        stream(with(sampled, "stream", true, "stream_options", Map.of("include_usage", true)));

    JsonNode last = chunks.remove(chunks.size() - 1);
    assertThat(last.get("choices")).isEmpty();
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(24);
    String[] texts = {"", ""};
    int[] tokens = {0, 0};
    String[] reasons = {null, null};
    for (JsonNode chunk : chunks) {
      assertThat(chunk.get("object").stringValue()).isEqualTo("chat.completion.chunk");
      assertThat(chunk.get("usage").isNull()).isTrue();
      JsonNode choice = chunk.at("/choices/0");
      int index = choice.get("index").intValue();
      boolean first = texts[index].isEmpty() && tokens[index] == 0;
      if (choice.get("delta").has("role")) {
        assertThat(first).isTrue();
        assertThat(choice.get("delta"))
            .isEqualTo(JSON.readTree("{\"role\":\"assistant\",\"content\":\"\"}"));
        texts[index] = ">";
        continue;
      }
      assertThat(texts[index]).startsWith(">");
      texts[index] += choice.at("/delta/content").asString("");
      tokens[index] += choice.at("/logprobs/content").size();
      if (!choice.get("finish_reason").isNull()) {
        reasons[index] = choice.get("finish_reason").stringValue();
      }
    }
    for (int i = 0; i < 2; i++) {
      assertThat(texts[i].substring(1))
          .isEqualTo(whole.at("/choices/" + i + "/message/content").stringValue());
    }
    assertThat(texts[0]).isNotEqualTo(texts[1]);
    assertThat(tokens).containsExactly(12, 12);
    assertThat(reasons).containsExactly("length", "length");
  }

  @Test
  void theLastMessageIsContinuedAndEchoed() throws IOException {
    String body =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\","
            + " \"content\": \"Once upon a\"}], \"max_tokens\": 3, \"temperature\": 0,"
            + " \"continue_final_message\": true}";
    JsonNode plain = server.ask(PATH, body).at("/choices/0/message");
    JsonNode echoed = server.ask(PATH, with(body, "echo", true)).at("/choices/0/message");
    String completed =
        server
            .ask(
                "/v1/completions",
                with(
                    "{\"max_tokens\": 3, \"temperature\": 0}",
                    "prompt",
                    "<user> Hi<|endoftext|>\n<assistant> Once upon a"))
            .at("/choices/0/text")
            .stringValue();

    assertThat(plain.get("content").stringValue()).isEqualTo(completed);
    assertThat(echoed.get("content").stringValue()).isEqualTo("Once upon a" + completed);
    assertThat(echoed.get("role").stringValue()).isEqualTo("assistant");
    List<JsonNode> chunks = stream(with(body, "echo", true, "stream", true));
    assertThat(chunks.get(0).at("/choices/0/delta"))
        .isEqualTo(JSON.readTree("{\"role\":\"assistant\",\"content\":\"Once upon a\"}"));
  }

  @Test
  void stopStringsAndTheEndOfTheContextEndAnswers() throws IOException {
    String text = server.ask(PATH, CHAT).at("/choices/0/message/content").stringValue();
    String stop = text.substring(8, 12);
    JsonNode stopped = server.ask(PATH, with(CHAT, "stop", List.of(stop))).at("/choices/0");

    assertThat(stopped.at("/message/content").stringValue())
        .isEqualTo(text.substring(0, text.indexOf(stop)));
    assertThat(stopped.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(stopped.get("stop_reason").stringValue()).isEqualTo(stop);

    ObjectNode endless = (ObjectNode) JSON.readTree(with(CHAT, "ignore_eos", true));
    endless.remove("max_tokens");
    JsonNode filled = server.ask(PATH, endless.toString());
    assertThat(filled.at("/usage/total_tokens").intValue()).isEqualTo(512);
    assertThat(filled.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
  }

  @Test
  void answersHaveTheFormThatIsAskedFor() throws IOException {
    Map<String, Object> schema =
        Map.of("type", "array", "items", Map.of("type", "integer"), "minItems", 2, "maxItems", 3);
    String json =
        with(
            CHAT,
            "response_format",
            Map.of("type", "json_schema", "json_schema", Map.of("name", "x", "schema", schema)));
    JsonNode choice = server.ask(PATH, with(json, "max_tokens", 60)).at("/choices/0");
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    JsonNode numbers = JSON.readTree(choice.at("/message/content").stringValue());
    assertThat(numbers.valueStream().allMatch(JsonNode::isIntegralNumber)).isTrue();
    assertThat(numbers.size()).isBetween(2, 3);

    String either =
        with(
            CHAT,
            "structured_outputs",
            Map.of("choice", List.of("yes, indeed", "no")),
            "return_structured_mass",
            true);
    JsonNode drawn = server.ask(PATH, either).at("/choices/0");
    assertThat(drawn.at("/message/content").stringValue()).isIn("yes, indeed", "no");
    assertThat(drawn.get("structured_mass").doubleValue()).isNegative();
    List<String> parts =
        server
            .post(PATH, with(either, "stream", true))
            .body()
            .lines()
            .filter(line -> line.startsWith("data: {"))
            .map(line -> JSON.readTree(line.substring(6)).at("/choices/0/delta/content"))
            .map(content -> content.asString(""))
            .toList();
    assertThat(String.join("", parts)).isEqualTo(drawn.at("/message/content").stringValue());
  }

  @Test
  void aSecondTurnReusesTheFirst() throws IOException {
    String first =
        "{\"messages\": [{\"role\": \"user\", \"content\": \""
            + "Tell me of the old king and his three sons. ".repeat(6)
            + "\"}], \"max_tokens\": 1}";
    server.ask(PATH, first);

    JsonNode usage = server.ask(PATH, first).get("usage");

    assertThat(usage.at("/prompt_tokens_details/cached_tokens").intValue()).isGreaterThan(32);
  }

  @Test
  void errorsComeAsStatusBeforeAStreamBegins() throws IOException {
    for (String body :
        List.of(
            "{\"stream\": true}",
            with(CHAT, "stream", true, "chat_template", "{{ raise_exception('No.') }}"),
            with(CHAT, "stream", true, "chat_template", "{% for i in range(1000000) %}"),
            with(CHAT, "stream", true, "max_tokens", 600))) {
      RawHttp.Answer answer = server.post(PATH, body);
      assertThat(answer.status()).as(body).isEqualTo(400);
      assertThat(JSON.readTree(answer.body()).at("/error/type").stringValue())
          .isEqualTo("invalid_request_error");
    }
  }

  @Test
  void aHostileTemplateDelaysNoOtherRequest() throws IOException {
    String hostile =
        with(
            CHAT,
            "chat_template",
            "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
                + "{{ f(60) }}");

    JsonNode error = server.refusal(PATH, hostile);

    assertThat(error.get("message").stringValue())
        .isEqualTo(
            "The chat template cannot render these messages: it does more than 1000000 steps. Send"
                + " other messages, or use another template.");
    assertThat(error.get("param").stringValue()).isEqualTo("chat_template");
    assertThat(server.ask(PATH, CHAT).get("choices")).hasSize(1);
  }

  @Test
  void modelsSayThatThisOneChatsAndAzuresPathsAnswer() throws IOException {
    try (RawHttp connection = server.connect()) {
      connection.send("GET /v1/models HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
      assertThat(JSON.readTree(connection.answer().body()).at("/data/0/chat").booleanValue())
          .isTrue();
    }
    String model = server.model().id();
    String text = server.ask(PATH, CHAT).at("/choices/0/message/content").stringValue();
    for (String path :
        List.of(
            "/openai/v1/chat/completions",
            "/openai/deployments/"
                + model.substring(model.lastIndexOf('/') + 1)
                + "/chat/completions?api-version=1")) {
      assertThat(server.ask(path, CHAT).at("/choices/0/message/content").stringValue())
          .isEqualTo(text);
    }
  }

  @Test
  void logprobsOfAllTokensSumToOne() throws IOException {
    JsonNode top =
        server
            .ask(PATH, with(CHAT, "max_tokens", 1, "logprobs", true, "top_logprobs", 4096))
            .at("/choices/0/logprobs/content/0/top_logprobs");

    assertThat(top).hasSize(4096);
    assertThat(
            top.valueStream()
                .mapToDouble(each -> Math.exp(each.get("logprob").doubleValue()))
                .sum())
        .isCloseTo(1, within(1e-4));
  }

  private static List<JsonNode> stream(String body) throws IOException {
    RawHttp.Answer answer = server.post(PATH, body);
    assertThat(answer.status()).isEqualTo(200);
    List<JsonNode> chunks = new ArrayList<>();
    List<String> data = answer.body().lines().filter(line -> line.startsWith("data: ")).toList();
    assertThat(data.get(data.size() - 1)).isEqualTo("data: [DONE]");
    for (String line : data.subList(0, data.size() - 1)) {
      chunks.add(JSON.readTree(line.substring("data: ".length())));
    }
    return chunks;
  }

  /** The object with further fields, as names and values in turn. */
  private static String with(String body, Object... fields) {
    ObjectNode object = (ObjectNode) JSON.readTree(body);
    for (int i = 0; i < fields.length; i += 2) {
      object.set((String) fields[i], JSON.valueToTree(fields[i + 1]));
    }
    return object.toString();
  }
}
