package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NodeProgram;
import io.github.gpt2server.testing.OwnServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The examples of docs/clients.md. The page shows what stands between {@code // snippet:} and
 * {@code // end} here, in the classes beside it and in {@code src/test/npm/clients/snippets.mjs}.
 */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.chat-template=plain", "--gpt2.api-keys=sk-test"})
class SnippetsIT {
  private static final String KING = " was very angry, and said: \"I am the king of the land";

  private static LiveServer server;
  private static String baseUrl;
  private static String apiKey;

  @BeforeAll
  static void address() {
    baseUrl = server.base() + "v1";
    apiKey = "sk-test";
  }

  @Test
  void openAiForJava() {
    // snippet: openai-java
    OpenAIClient client = OpenAIOkHttpClient.builder().baseUrl(baseUrl).apiKey(apiKey).build();
    CompletionCreateParams params =
        CompletionCreateParams.builder()
            .model("gpt2-fairytales")
            .prompt("The king")
            .maxTokens(15)
            .temperature(0)
            .build();

    String text = client.completions().create(params).choices().get(0).text();

    StringBuilder streamed = new StringBuilder();
    try (StreamResponse<Completion> chunks = client.completions().createStreaming(params)) {
      chunks.stream().forEach(chunk -> streamed.append(chunk.choices().get(0).text()));
    }
    // end
    client.close();

    assertThat(text).isEqualTo(KING);
    assertThat(streamed).hasToString(KING);
  }

  @Test
  void langChain4j() {
    assertThat(LangChain4jSnippets.whole(baseUrl, apiKey)).isEqualTo(expected());
    assertThat(LangChain4jSnippets.streamed(baseUrl, apiKey)).isEqualTo(expected());
  }

  @Test
  void springAi() {
    assertThat(SpringAiSnippets.answers(baseUrl, apiKey)).containsExactly(expected(), expected());
  }

  @Test
  void plainJava() throws Exception {
    // snippet: java-http
    String body =
        """
        {"prompt": "The king", "max_tokens": 15, "temperature": 0, "stream": true}
        """;
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(baseUrl + "/completions"))
            .header("Authorization", "Bearer " + apiKey)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<Stream<String>> response =
        HttpClient.newHttpClient().send(request, BodyHandlers.ofLines());
    StringBuilder text = new StringBuilder();
    // Leaving the block early closes the connection, and with it the generation.
    try (Stream<String> lines = response.body()) {
      lines
          .filter(line -> line.startsWith("data: ") && !line.equals("data: [DONE]"))
          .map(line -> JsonMapper.shared().readTree(line.substring("data: ".length())))
          .forEach(
              chunk -> {
                if (chunk.has("error")) {
                  throw new IllegalStateException(chunk.at("/error/message").stringValue());
                }
                text.append(chunk.at("/choices/0/text").stringValue());
              });
    }
    // end

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(text).hasToString(KING);
  }

  @Test
  @NodeProgram.Needed("clients")
  void javaScript() throws Exception {
    NodeProgram.Result result =
        NodeProgram.script("clients", "snippets.mjs")
            .run(
                Map.of(
                    "SERVER",
                    server.base().toString(),
                    "API_KEY",
                    apiKey,
                    "AI_SDK_LOG_WARNINGS",
                    "false"));

    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains("pass 4\n");
  }

  private static String expected() {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(baseUrl + "/completions"))
              .header("Authorization", "Bearer " + apiKey)
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"prompt\": \"System: A tale of a king.\\nUser: Who was he?\\nAssistant:\","
                          + " \"max_tokens\": 12, \"temperature\": 0}"))
              .build();
      JsonNode answer =
          JsonMapper.shared()
              .readTree(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
      return answer.at("/choices/0/text").stringValue();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
