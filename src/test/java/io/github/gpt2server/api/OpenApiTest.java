package io.github.gpt2server.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The OpenAPI document: complete, and every example in it works. */
class OpenApiTest {
  private static LiveServer server;
  private static JsonNode document;

  @BeforeAll
  static void start() throws IOException {
    server = new LiveServer();
    document = JsonMapper.shared().readTree(get("/v3/api-docs").body());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void everyEndpointIsDescribed() {
    assertThat(document.get("paths").propertyNames())
        .contains(
            "/v1/completions",
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
            "/tokenizer_info")
        .doesNotContain("/error");
    for (String path : document.get("paths").propertyNames()) {
      for (JsonNode operation : document.get("paths").get(path)) {
        boolean ours = path.startsWith("/v1/") || path.contains("token");
        assertThat(!ours || operation.has("summary")).as(path).isTrue();
      }
    }
  }

  @Test
  void everyExampleWorks() throws IOException {
    List<String> asked = new ArrayList<>();
    for (String path : document.get("paths").propertyNames()) {
      JsonNode examples =
          document
              .get("paths")
              .get(path)
              .at("/post/requestBody/content/application~1json/examples");
      for (JsonNode example : examples) {
        JsonNode value = example.get("value");
        RawHttp.Answer answer = server.post(path, value.toString());
        assertThat(answer.status()).as(path + " " + value + " " + answer.body()).isEqualTo(200);
        asked.add(path);
      }
    }
    assertThat(asked)
        .contains(
            "/v1/completions",
            "/v1/embeddings",
            "/v1/next-token",
            "/v1/most-similar",
            "/v1/inspect",
            "/v1/tokenize",
            "/v1/detokenize",
            "/tokenize");
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
  void requestFieldsAreDescribed() {
    JsonNode fields = document.at("/components/schemas/CompletionRequest/properties");
    assertThat(fields.size()).isEqualTo(31);
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

  @Test
  void swaggerUiIsThere() throws IOException {
    RawHttp.Answer redirect = get("/swagger-ui.html");
    assertThat(redirect.status()).isEqualTo(302);
    RawHttp.Answer page = get(redirect.headers().get("location").replaceFirst("http://[^/]*", ""));
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.body()).contains("swagger-ui");
  }

  private static RawHttp.Answer get(String path) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }
}
