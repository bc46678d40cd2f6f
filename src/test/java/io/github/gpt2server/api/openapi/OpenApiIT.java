package io.github.gpt2server.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xml.sax.InputSource;
import tools.jackson.databind.JsonNode;

/** The OpenAPI document: complete, and everything is answered as both of its versions say. */
@OwnServer("--gpt2.chat-template=plain")
class OpenApiIT {
  private static LiveServer server;
  private static OpenApiDocument newest;
  private static OpenApiDocument older;
  private static JsonNode document;

  @BeforeAll
  static void start() throws IOException {
    newest = new OpenApiDocument(get("/v3/api-docs").body());
    older = new OpenApiDocument(get("/v3.0/api-docs").body());
    document = newest.json();
  }

  @Test
  void everyEndpointIsDescribed() {
    assertThat(document.get("paths").propertyNames())
        .contains(
            "/v1/completions",
            "/v1/chat/completions",
            "/v1/models",
            "/v1/models/{id}",
            "/v1/embeddings",
            "/v1/next-token",
            "/v1/most-similar",
            "/v1/inspect",
            "/v1/tokenize",
            "/v1/detokenize",
            "/tokenize",
            "/detokenize",
            "/tokenizer_info",
            "/v1/vocabulary",
            "/v1/status")
        .doesNotContain("/error");
  }

  @Test
  void everyExampleWorksAndIsAnsweredAsDescribed() throws IOException {
    List<String> asked = new ArrayList<>();
    for (String path : document.get("paths").propertyNames()) {
      for (String example : newest.examples(path)) {
        ask(path, example, 200);
        asked.add(path);
      }
    }
    assertThat(asked)
        .contains(
            "/v1/completions",
            "/v1/chat/completions",
            "/v1/embeddings",
            "/v1/next-token",
            "/v1/score",
            "/v1/most-similar",
            "/v1/inspect",
            "/v1/tokenize",
            "/v1/detokenize",
            "/tokenize",
            "/detokenize");
  }

  @ParameterizedTest
  @MethodSource
  void answersAreAsDescribed(String request) throws IOException {
    String[] parts = request.split(" ", 3);
    ask(parts[1], parts[2], Integer.parseInt(parts[0]));
  }

  /** Lines of a status, a path and a body. */
  static Stream<String> answersAreAsDescribed() throws IOException {
    try (InputStream file = OpenApiIT.class.getResourceAsStream("/openapi/requests.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "200 /v1/models /v1/models",
        "200 /v1/models/{id} /v1/models/gpt2-fairytales",
        "404 /v1/models/{id} /v1/models/gpt-5",
        "200 /tokenizer_info /tokenizer_info",
        "200 /v1/vocabulary /v1/vocabulary",
        "200 /v1/vocabulary /v1/vocabulary?prefix=%20ki&contains=ng&limit=5",
        "400 /v1/vocabulary /v1/vocabulary?limit=-1",
        "200 /v1/status /v1/status",
        "200 /health /health"
      })
  void whatIsReadIsAsDescribed(String request) throws IOException {
    String[] parts = request.split(" ", 3);
    RawHttp.Answer answer = get(parts[2]);
    assertThat(answer.status()).isEqualTo(Integer.parseInt(parts[0]));
    for (OpenApiDocument version : List.of(newest, older)) {
      version.checkAnswer("get", parts[1], answer);
    }
  }

  @Test
  void errorsOutsideOfTheEndpointsHaveTheDescribedEnvelope() throws IOException {
    for (RawHttp.Answer answer : List.of(get("/v1/none"), get("/v1/score"), get("/%zz"))) {
      assertThat(answer.status()).isIn(400, 404, 405);
      newest.checkError(answer.body());
      older.checkError(answer.body());
    }
  }

  @Test
  void whatIsNotAsDescribedIsSeen() {
    String usage = "{'prompt_tokens':1,'completion_tokens':2,'total_tokens':3,%s}";
    String chunk = "data: {'id':'a','object':'b','created':1,'model':'m','choices':[],'usage':%s}";
    for (OpenApiDocument version : List.of(newest, older)) {
      for (String wrong :
          List.of(
              "{}",
              usage.formatted("'prompt_tokens_details':null"),
              usage.formatted("'prompt_tokens_details':{'cached_tokens':'1'}"),
              usage.formatted("'prompt_tokens_details':{'cached_tokens':1},'more':1"))) {
        RawHttp.Answer answer = stream(chunk.formatted(wrong));
        assertThatThrownBy(() -> version.checkAnswer("post", "/v1/completions", answer))
            .as(wrong)
            .isInstanceOf(AssertionError.class);
      }
      for (String right :
          List.of("null", usage.formatted("'prompt_tokens_details':{'cached_tokens':1}"))) {
        version.checkAnswer("post", "/v1/completions", stream(chunk.formatted(right)));
      }
    }
  }

  private static RawHttp.Answer stream(String chunk) {
    return new RawHttp.Answer(
        200,
        Map.of("content-type", "text/event-stream;charset=UTF-8"),
        chunk.replace('\'', '"') + "\n\ndata: [DONE]\n\n");
  }

  @Test
  void bothVersionsDescribeTheSame() {
    assertThat(newest.version()).isEqualTo("3.1.0");
    assertThat(older.version()).isEqualTo("3.0.3");
    assertThat(older.json().get("paths").propertyNames())
        .isEqualTo(document.get("paths").propertyNames());
    assertThat(older.json().get("servers")).isEqualTo(document.get("servers"));
    assertThat(older.json().toString()).doesNotContain("[\"string\",\"null\"]", "\"null\"");
  }

  @Test
  void theVersionIsTheProjects() throws IOException {
    try (InputStream pom = Files.newInputStream(Path.of("pom.xml"))) {
      assertThat(document.at("/info/version").stringValue()).isEqualTo(version(pom));
    }
  }

  @Test
  void namesReadWell() {
    Map<String, String> names = new TreeMap<>();
    Set<String> tags = new TreeSet<>();
    for (JsonNode path : document.get("paths")) {
      for (JsonNode operation : path) {
        names.put(
            operation.get("operationId").stringValue(), operation.at("/tags/0").stringValue());
        tags.add(operation.at("/tags/0").stringValue());
        assertThat(operation.has("summary")).as(operation.toString()).isTrue();
      }
    }
    assertThat(names)
        .containsEntry("createCompletion", "Completions")
        .containsEntry("createEmbedding", "Embeddings")
        .containsEntry("listModels", "Models")
        .containsEntry("getModel", "Models")
        .containsEntry("predictNextToken", "Probabilities")
        .containsEntry("scoreText", "Probabilities")
        .containsEntry("inspectPrompt", "Inspection")
        .containsEntry("findSimilarTokens", "Inspection")
        .containsEntry("tokenize", "Tokenizer")
        .containsEntry("detokenize", "Tokenizer")
        .containsEntry("tokenizePrompt", "Tokenizer")
        .containsEntry("detokenizePrompt", "Tokenizer")
        .containsEntry("getTokenizerInfo", "Tokenizer")
        .containsEntry("searchVocabulary", "Tokenizer")
        .containsEntry("getStatus", "Health")
        .containsEntry("getHealth", "Health");
    assertThat(document.get("tags").valueStream().map(tag -> tag.get("name").stringValue()))
        .containsExactlyInAnyOrderElementsOf(tags);
  }

  @Test
  void onlyTheTypesThatAreSentAreNamed() {
    assertThat(document.toString()).doesNotContain("*/*");
    assertThat(document.at("/paths/~1v1~1completions/post/responses/200/content").propertyNames())
        .containsExactlyInAnyOrder("application/json", "text/event-stream");
  }

  @Test
  void errorsHaveTheEnvelopesSchema() {
    for (String status : new String[] {"400", "401", "404", "413", "415", "429", "503", "504"}) {
      assertThat(
              document
                  .at("/paths/~1v1~1completions/post/responses/" + status)
                  .at("/content/application~1json/schema/$ref")
                  .stringValue())
          .as(status)
          .isEqualTo("#/components/schemas/ErrorResponse");
    }
    assertThat(document.at("/components/schemas/Error/properties").propertyNames())
        .containsExactlyInAnyOrder("message", "type", "param", "code");
  }

  @Test
  void requestsToTheModelDescribeTheHeadersOfLimits() {
    for (String status : new String[] {"200", "429"}) {
      JsonNode headers =
          document.at("/paths/~1v1~1completions/post/responses/" + status + "/headers");
      assertThat(headers.propertyNames())
          .as(status)
          .contains(
              "x-ratelimit-limit-requests",
              "x-ratelimit-remaining-requests",
              "x-ratelimit-reset-requests",
              "x-ratelimit-limit-tokens",
              "x-ratelimit-remaining-tokens",
              "x-ratelimit-reset-tokens");
      assertThat(headers.has("Retry-After")).isEqualTo(status.equals("429"));
    }
    assertThat(document.at("/paths/~1v1~1tokenize/post/responses/200").has("headers")).isFalse();
  }

  @Test
  void requestFieldsAreDescribed() {
    JsonNode fields = document.at("/components/schemas/CompletionRequest/properties");
    assertThat(fields.size()).isEqualTo(60);
    for (JsonNode field : fields) {
      if (!field.has("$ref")) {
        assertThat(field.has("description")).as(field.toString()).isTrue();
      }
    }
    // Four forms, and null.
    assertThat(fields.at("/prompt/oneOf").size()).isEqualTo(5);
    assertThat(document.get("components").get("schemas").propertyNames())
        .doesNotContain("JsonNode");
  }

  /** Of each form that a field may have, in both versions. */
  @ParameterizedTest
  @CsvSource({
    "CompletionRequest, prompt/oneOf/0/maxLength, 8388608",
    "CompletionRequest, prompt/oneOf/1/maxItems, 128",
    "CompletionRequest, prompt/oneOf/1/items/maxLength, 8388608",
    "CompletionRequest, prompt/oneOf/2/maxItems, 1000000",
    "CompletionRequest, prompt/oneOf/3/maxItems, 128",
    "CompletionRequest, prompt/oneOf/3/items/maxItems, 1000000",
    "CompletionRequest, stop/oneOf/1/maxItems, 16",
    "CompletionRequest, logit_bias/maxProperties, 4096",
    "CompletionRequest, stop_token_ids/maxItems, 1000000",
    "CompletionRequest, user/maxLength, 1000",
    "CompletionRequest, allowed_token_ids/maxItems, 1000000",
    "CompletionRequest, bad_words/maxItems, 1000",
    "CompletionRequest, bad_words/items/maxLength, 1000",
    "CompletionRequest, dry_sequence_breakers/oneOf/1/maxItems, 32",
    "ChatRequest, dry_sequence_breakers/oneOf/1/items/maxLength, 1000",
    "InspectRequest, layers/maxItems, 1000",
    "InspectRequest, targets/maxItems, 1000",
    "InspectRequest, targets/items/oneOf/0/maxLength, 1000",
    "InspectRequest, ablate/oneOf/0/maxItems, 10000",
    "NextTokenRequest, candidates/maxItems, 10000",
    "DetokenizeRequest, tokens/maxItems, 1000000"
  })
  void limitsOfRequestsAreShown(String request, String place, int limit) {
    for (OpenApiDocument version : List.of(newest, older)) {
      String pointer = "/components/schemas/" + request + "/properties/" + place;
      assertThat(version.json().at(pointer).asInt()).as(version.version()).isEqualTo(limit);
    }
  }

  @Test
  void swaggerUiIsThere() throws IOException {
    RawHttp.Answer redirect = get("/swagger-ui.html");
    assertThat(redirect.status()).isEqualTo(302);
    RawHttp.Answer page = get(redirect.headers().get("location").replaceFirst("http://[^/]*", ""));
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.body()).contains("swagger-ui");
  }

  /** Sends a body and expects a status, and everything as both documents say. */
  private static void ask(String path, String body, int status) throws IOException {
    RawHttp.Answer answer = server.post(path, body);
    assertThat(answer.status()).as(path + " " + body + " " + answer.body()).isEqualTo(status);
    for (OpenApiDocument version : List.of(newest, older)) {
      if (status == 200) {
        version.checkRequest(path, body);
      }
      version.checkAnswer("post", path, answer);
    }
  }

  private static String version(InputStream pom) {
    try {
      return XPathFactory.newInstance()
          .newXPath()
          .evaluate("/*[local-name()='project']/*[local-name()='version']", new InputSource(pom));
    } catch (XPathExpressionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static RawHttp.Answer get(String path) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }
}
