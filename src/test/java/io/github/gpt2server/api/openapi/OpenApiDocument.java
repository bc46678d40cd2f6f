package io.github.gpt2server.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.github.gpt2server.testing.RawHttp;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An OpenAPI document of the server, and a validator of its own that says whether requests and
 * answers are as it says. Fields that the document does not name are none that it allows here.
 */
final class OpenApiDocument {
  private static final String PLACE = "https://document.test/openapi.json";
  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";
  private static final String DONE = "[DONE]";

  private final JsonNode document;
  private final SchemaRegistry registry;

  OpenApiDocument(String json) {
    document = JsonMapper.shared().readTree(json);
    JsonNode closed = document.deepCopy();
    closed.get("components").get("schemas").forEach(OpenApiDocument::close);
    registry =
        SchemaRegistry.withDefaultDialect(
            version().startsWith("3.0") ? Dialects.getOpenApi30() : Dialects.getOpenApi31(),
            builder -> builder.schemas(Map.of(PLACE, closed.toString())));
  }

  /** The document as it was sent. */
  JsonNode json() {
    return document;
  }

  String version() {
    return document.get("openapi").stringValue();
  }

  /** The bodies that the document gives as examples of a request. */
  List<String> examples(String path) {
    return document
        .at(pointer("/paths", path, "post", "requestBody", "content", JSON, "examples"))
        .valueStream()
        .map(example -> example.get("value").toString())
        .toList();
  }

  /** Expects that a request is as the document says. */
  void checkRequest(String path, String body) {
    check(pointer("/paths", path, "post", "requestBody", "content", JSON, "schema"), body);
  }

  /** Expects that an answer is as the document says: its status, its type, all that is in it. */
  void checkAnswer(String method, String path, RawHttp.Answer answer) {
    String response =
        pointer("/paths", path, method, "responses", Integer.toString(answer.status()));
    assertThat(document.at(response).isObject()).as(response + " " + answer.body()).isTrue();
    String type = answer.headers().get("content-type").replaceFirst(";.*", "");
    String schema = response + pointer("/content", type, "schema");
    if (type.equals(EVENTS)) {
      checkEvents(schema, answer.body());
    } else {
      check(schema, answer.body());
    }
  }

  /** Expects OpenAI's envelope, as the document has it. */
  void checkError(String body) {
    check("/components/schemas/ErrorResponse", body);
  }

  private void checkEvents(String schema, String stream) {
    String last = "";
    for (String event : stream.strip().split("\n\n", -1)) {
      assertThat(last).as(stream).isNotEqualTo(DONE);
      List<String> lines = event.lines().filter(line -> !line.startsWith(":")).toList();
      if (lines.isEmpty()) {
        continue;
      }
      last = lines.get(lines.size() - 1).replaceFirst("^data: ", "");
      if (lines.get(0).equals("event: error")) {
        checkError(last);
        return;
      }
      if (!last.equals(DONE)) {
        check(schema, last);
      }
    }
    assertThat(last).as(stream).isEqualTo(DONE);
  }

  private void check(String pointer, String json) {
    assertThat(document.at(pointer).isObject()).as(version() + " " + pointer).isTrue();
    assertThat(
            registry
                .getSchema(SchemaLocation.of(PLACE + "#" + pointer))
                .validate(JsonMapper.shared().readTree(json)))
        .as("%s %s %s", version(), pointer, json)
        .isEmpty();
  }

  /** Lets nothing stand in an object but what is described. */
  private static void close(JsonNode schema) {
    if (schema.has("properties")) {
      if (!schema.has("additionalProperties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
      schema.get("properties").forEach(OpenApiDocument::close);
    }
    schema.path("oneOf").forEach(OpenApiDocument::close);
    if (schema.has("items")) {
      close(schema.get("items"));
    }
  }

  /** A JSON pointer, of which all but the beginning is yet to be escaped. */
  private static String pointer(String beginning, String... names) {
    StringBuilder pointer = new StringBuilder(beginning);
    for (String name : names) {
      pointer.append('/').append(name.replace("~", "~0").replace("/", "~1"));
    }
    return pointer.toString();
  }
}
