package io.github.gpt2server.constraint.json;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.StringNode;

/**
 * Whether the schemas of a {@code oneOf} accept no value in common, so that it means the same as
 * {@code anyOf}: they are of different types, have different constants, or require a property whose
 * constants differ.
 */
final class Exclusive {
  private static final int MAX_SCHEMAS = 100;
  private static final int MAX_DEPTH = 8;
  private static final int MAX_COMPARISONS = 20_000;

  private final BiFunction<JsonNode, String, JsonNode> resolve;
  private final String at;
  private int comparisons;

  private Exclusive(BiFunction<JsonNode, String, JsonNode> resolve, String at) {
    this.resolve = resolve;
    this.at = at;
  }

  /**
   * Checks a {@code oneOf}.
   *
   * @param resolve returns a schema without its references
   * @throws SchemaException if two of its schemas may accept the same value
   */
  static void require(JsonNode parts, BiFunction<JsonNode, String, JsonNode> resolve, String at) {
    if (parts.size() > MAX_SCHEMAS) {
      throw new SchemaException(
          "oneOf at %s has %d schemas, but the limit is %d; use anyOf"
              .formatted(at, parts.size(), MAX_SCHEMAS));
    }
    Exclusive exclusive = new Exclusive(resolve, at);
    for (int i = 0; i < parts.size(); i++) {
      for (int k = i + 1; k < parts.size(); k++) {
        JsonNode a = resolve.apply(parts.get(i), at);
        JsonNode b = resolve.apply(parts.get(k), at);
        if (!exclusive.differ(a, b, 0)) {
          throw new SchemaException(
              ("the schemas %d and %d of oneOf at %s may accept the same value; use anyOf, or give them"
                      + " different types or a required property with different constants")
                  .formatted(i, k, at));
        }
      }
    }
  }

  /** Returns whether no value satisfies both; false where that takes too long to find out. */
  private boolean differ(JsonNode a, JsonNode b, int depth) {
    if (depth > MAX_DEPTH || ++comparisons > MAX_COMPARISONS) {
      return false;
    }
    Optional<Set<String>> types = types(a);
    Optional<Set<String>> otherTypes = types(b);
    if (types.isPresent() && otherTypes.isPresent() && disjoint(types.get(), otherTypes.get())) {
      return true;
    }
    Optional<Set<String>> constants = constants(a);
    Optional<Set<String>> otherConstants = constants(b);
    if (constants.isPresent() && otherConstants.isPresent()) {
      return disjoint(constants.get(), otherConstants.get());
    }
    for (JsonNode name : a.path("required")) {
      if (name.isString() && requires(b, name)) {
        String property = name.stringValue();
        JsonNode own = a.path("properties").path(property);
        JsonNode other = b.path("properties").path(property);
        if (own.isObject()
            && other.isObject()
            && onlyObjects(a)
            && onlyObjects(b)
            && differ(resolve.apply(own, at), resolve.apply(other, at), depth + 1)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean requires(JsonNode schema, JsonNode name) {
    return schema.path("required").valueStream().anyMatch(name::equals);
  }

  private static boolean onlyObjects(JsonNode schema) {
    return schema.path("type").equals(StringNode.valueOf("object"));
  }

  private static Optional<Set<String>> types(JsonNode schema) {
    JsonNode type = schema.path("type");
    if (!type.isString() && !type.isArray()) {
      return constantsOf(schema)
          .map(values -> values.valueStream().map(Exclusive::typeOf).collect(Collectors.toSet()));
    }
    Set<String> types = new HashSet<>();
    if (type.isString()) {
      types.add(type.stringValue());
    }
    type.valueStream().forEach(each -> types.add(each.asString("")));
    if (types.remove("integer")) {
      types.add("number");
    }
    return Optional.of(types);
  }

  private static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "string";
      case NUMBER -> "number";
      case BOOLEAN -> "boolean";
      case NULL -> "null";
      case ARRAY -> "array";
      default -> "object";
    };
  }

  /** Constants as texts; empty if there are none, or arrays, objects or numbers among them. */
  private static Optional<Set<String>> constants(JsonNode schema) {
    return constantsOf(schema)
        .filter(
            values ->
                values
                    .valueStream()
                    .allMatch(value -> value.isString() || value.isBoolean() || value.isNull()))
        .map(values -> values.valueStream().map(JsonNode::toString).collect(Collectors.toSet()));
  }

  private static Optional<JsonNode> constantsOf(JsonNode schema) {
    if (schema.has("const")) {
      return Optional.of(JsonNodeFactory.instance.arrayNode().add(schema.get("const")));
    }
    return schema.path("enum").isArray() ? Optional.of(schema.get("enum")) : Optional.empty();
  }

  private static boolean disjoint(Set<String> a, Set<String> b) {
    return a.stream().noneMatch(b::contains);
  }
}
