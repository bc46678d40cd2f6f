package io.github.gpt2server.api.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An OpenAPI 3.1 document in the words of 3.0, which many tools read alone. What differs is null:
 * 3.0 knows no type null, but {@code nullable} beside a type.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.0.3#schema-object">the schemas of 3.0</a>
 */
final class OpenApi30 {
  private static final String VERSION = "3.0.3";
  private static final String SCHEMAS = "#/components/schemas/";

  /** Values that are shown as they are, whatever they look like. */
  private static final Set<String> VALUES = Set.of("example", "examples", "default", "enum");

  private final JsonNode source;

  private OpenApi30(JsonNode source) {
    this.source = source;
  }

  /** Converts a document. */
  static JsonNode convert(JsonNode document) {
    ObjectNode converted = new OpenApi30(document).object(document);
    converted.put("openapi", VERSION);
    dropUnused(converted);
    return converted;
  }

  /** Removes the schemas that were written out wherever they were referred to. */
  private static void dropUnused(ObjectNode document) {
    Set<String> used =
        document.findValues("$ref").stream()
            .map(reference -> reference.stringValue().substring(SCHEMAS.length()))
            .collect(Collectors.toSet());
    ObjectNode schemas = (ObjectNode) document.at("/components/schemas");
    schemas.retain(used);
  }

  private JsonNode node(JsonNode node) {
    if (node.isObject()) {
      return node.has("$ref") || node.has("oneOf") || node.path("type").isArray()
          ? schema(node)
          : object(node);
    }
    if (node.isArray()) {
      ArrayNode converted = JsonMapper.shared().createArrayNode();
      node.forEach(item -> converted.add(node(item)));
      return converted;
    }
    return node;
  }

  private ObjectNode object(JsonNode node) {
    ObjectNode converted = JsonMapper.shared().createObjectNode();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = field.getKey();
      if (name.equals("properties")) {
        // Its keys are names of fields, not words of the specification.
        ObjectNode properties = converted.putObject(name);
        field
            .getValue()
            .properties()
            .forEach(property -> properties.set(property.getKey(), node(property.getValue())));
      } else {
        converted.set(name, VALUES.contains(name) ? field.getValue() : node(field.getValue()));
      }
    }
    return converted;
  }

  private JsonNode schema(JsonNode schema) {
    ObjectNode converted = object(schema);
    if (schema.path("type").isArray()) {
      List<JsonNode> types = withoutNull(schema.get("type"));
      converted.set("type", types.get(0));
      converted.put("nullable", true);
    } else if (schema.has("oneOf")) {
      alternatives(schema.get("oneOf"), converted);
    } else if (converted.has("$ref") && converted.size() > 1) {
      // What stands beside a reference is ignored in 3.0.
      JsonNode reference = converted.remove("$ref");
      converted.putArray("allOf").addObject().set("$ref", reference);
    }
    return converted;
  }

  /** Null is one of the alternatives no more; one of the others may be null instead. */
  private void alternatives(JsonNode alternatives, ObjectNode converted) {
    List<JsonNode> others = withoutNull(alternatives);
    if (others.size() == alternatives.size()) {
      return;
    }
    if (others.size() > 1) {
      ArrayNode left = converted.putArray("oneOf");
      others.forEach(other -> left.add(node(other)));
      ObjectNode first =
          others.get(0).has("$ref") ? writtenOut(others.get(0)) : (ObjectNode) left.get(0);
      left.set(0, first.put("nullable", true));
      return;
    }
    converted.remove("oneOf");
    writtenOut(others.get(0))
        .properties()
        .forEach(field -> converted.putIfAbsent(field.getKey(), field.getValue()));
    converted.put("nullable", true);
  }

  /** What a reference, which cannot be nullable itself, refers to. */
  private ObjectNode writtenOut(JsonNode reference) {
    String name = reference.get("$ref").stringValue().substring(SCHEMAS.length());
    return object(source.at("/components/schemas").get(name));
  }

  private static List<JsonNode> withoutNull(JsonNode types) {
    List<JsonNode> others = new ArrayList<>();
    for (JsonNode type : types) {
      JsonNode name = type.isObject() ? type.path("type") : type;
      if (!name.isString() || !name.stringValue().equals(NullableSchemas.NULL)) {
        others.add(type);
      }
    }
    return others;
  }
}
