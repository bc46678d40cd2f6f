package io.github.gpt2server.documents;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The requests of README.md and of pages in docs, sent to a server with the embedded model. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ShownRequestsIT {
  private static final Pattern CURL =
      Pattern.compile("curl(?: -N)? localhost:8080(/\\S+) [^']*'[^']*'[^']*-d '([^']*)'\\n?");
  private static final JsonMapper JSON = JsonMapper.shared();

  private static LiveServer server;

  /**
   * A command of a document.
   *
   * @param output what stands behind it, up to the next one
   */
  private record Shown(String path, String body, String output) {}

  @BeforeAll
  static void start() {
    server = new LiveServer("--gpt2.chat-template=plain");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** First, since the output shows that nothing of the prompt was cached. */
  @Test
  @Order(1)
  void theReadmeShowsRealOutput() throws IOException {
    List<Shown> requests = shown("README.md");
    assertThat(requests).hasSize(2);
    for (Shown request : requests) {
      RawHttp.Answer answer = server.post(request.path(), request.body());
      assertThat(answer.status()).isEqualTo(200);
      assertThat(events(request.output()))
          .isNotEmpty()
          .isEqualTo(events(answer.body().replace("\r", "")));
    }
  }

  @Test
  @Order(2)
  void everyExampleOfTheApiPageIsAnswered() throws IOException {
    List<Shown> requests = shown("docs/api.md");
    assertThat(requests).hasSizeGreaterThan(6);
    for (Shown request : requests) {
      // The page says which head the embedded model has in place of the one of OpenAI's.
      String body =
          request.body().replace("\"layer\": 9, \"head\": 9", "\"layer\": 3, \"head\": 2");
      RawHttp.Answer answer = server.post(request.path(), body);
      assertThat(answer.status()).as(request.body() + answer.body()).isEqualTo(200);
    }
  }

  @Test
  @Order(3)
  void everyExampleOfStructuredOutputsHasItsForm() throws IOException {
    List<Shown> requests = shown("docs/structured-outputs.md");
    assertThat(requests).hasSize(4);
    for (Shown request : requests) {
      RawHttp.Answer answer = server.post(request.path(), request.body());
      assertThat(answer.status()).as(request.body() + answer.body()).isEqualTo(200);
    }
    JsonNode choice =
        JSON.readTree(server.post(requests.get(0).path(), requests.get(0).body()).body());
    assertThat(choice.at("/choices/0/text").stringValue()).isIn(" angry", " happy and glad");
  }

  @Test
  @Order(4)
  void everyCommandForClientsIsAnswered() throws IOException {
    List<Shown> requests = shown("docs/clients.md");
    assertThat(requests).hasSize(2);
    for (Shown request : requests) {
      RawHttp.Answer answer = server.post(request.path(), request.body());
      assertThat(answer.status()).as(request.body() + answer.body()).isEqualTo(200);
    }
  }

  @Test
  @Order(5)
  void theExamplesOfSearchesAndTokenHealingDoWhatThePageSays() throws IOException {
    List<Shown> requests = shown("docs/beam-search.md");
    assertThat(requests).hasSize(3);
    RawHttp.Answer contrastive = server.post(requests.get(1).path(), requests.get(1).body());
    assertThat(contrastive.status()).as(contrastive.body()).isEqualTo(200);
    JsonNode beams =
        JSON.readTree(server.post(requests.get(0).path(), requests.get(0).body()).body());
    assertThat(beams.get("choices")).hasSize(2);
    JsonNode healed =
        JSON.readTree(server.post(requests.get(2).path(), requests.get(2).body()).body());
    assertThat(healed.at("/choices/0/text").stringValue()).startsWith("y");
  }

  private static List<Shown> shown(String document) throws IOException {
    List<Shown> requests = new ArrayList<>();
    for (Markdown.Block block : Markdown.read(Path.of(document)).blocks()) {
      Matcher matcher = CURL.matcher(block.text());
      while (matcher.find()) {
        String rest = block.text().substring(matcher.end());
        String output = rest.contains("$ curl") ? rest.substring(0, rest.indexOf("$ curl")) : rest;
        requests.add(new Shown(matcher.group(1), matcher.group(2), output));
      }
    }
    return requests;
  }

  /** The JSON of each event, or of the one answer, without what differs from call to call. */
  private static List<JsonNode> events(String output) {
    return Stream.of(output.strip().split("\n\n", -1))
        .map(event -> event.replace("\n", "").replaceFirst("^data: ", ""))
        .map(event -> event.equals("[DONE]") ? JSON.valueToTree(event) : withoutIds(event))
        .toList();
  }

  private static JsonNode withoutIds(String event) {
    ObjectNode answer = (ObjectNode) JSON.readTree(event);
    answer.remove(List.of("id", "created"));
    return answer;
  }
}
