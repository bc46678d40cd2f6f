package io.github.gpt2server.constraint.json;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** The keywords of JSON Schema, by what becomes of them. */
final class Keywords {
  /** Describe values, or hold schemas that references point to. */
  private static final Set<String> IGNORED =
      words(
          "$schema $id $anchor $comment $defs definitions title description default examples example"
              + " deprecated readOnly writeOnly contentMediaType contentEncoding contentSchema");

  static final Set<String> OF_STRINGS = words("minLength maxLength pattern format");
  static final Set<String> OF_NUMBERS = words("minimum maximum exclusiveMinimum exclusiveMaximum");
  static final Set<String> OF_ARRAYS = words("items prefixItems minItems maxItems");
  static final Set<String> OF_OBJECTS = words("properties required additionalProperties");
  private static final Set<String> OTHERS = words("type enum const anyOf oneOf allOf $ref");

  /** Advice on keywords that are not supported. */
  private static final Map<String, String> ADVICE =
      Map.ofEntries(
          Map.entry("multipleOf", "use minimum and maximum, or enum"),
          Map.entry("uniqueItems", "remove it and check the items"),
          Map.entry("contains", "use prefixItems"),
          Map.entry("minContains", "use prefixItems"),
          Map.entry("maxContains", "use maxItems"),
          Map.entry("unevaluatedItems", "use items"),
          Map.entry("additionalItems", "use items with prefixItems"),
          Map.entry("patternProperties", "name the properties"),
          Map.entry("propertyNames", "name the properties"),
          Map.entry("minProperties", "use required"),
          Map.entry("maxProperties", "name the properties"),
          Map.entry("unevaluatedProperties", "use additionalProperties"),
          Map.entry("dependentRequired", "use anyOf with an object for each case"),
          Map.entry("dependentSchemas", "use anyOf with an object for each case"),
          Map.entry("dependencies", "use anyOf with an object for each case"),
          Map.entry("if", "use anyOf with a schema for each case"),
          Map.entry("then", "use anyOf with a schema for each case"),
          Map.entry("else", "use anyOf with a schema for each case"),
          Map.entry("not", "say what values are allowed"),
          Map.entry("nullable", "use type with \"null\", as in [\"string\", \"null\"]"),
          Map.entry("$dynamicRef", "use $ref"),
          Map.entry("$dynamicAnchor", "use $ref with a path"),
          Map.entry("$recursiveRef", "use $ref"));

  /** Keywords that ask for nothing with this value. */
  private static final Map<String, String> NEUTRAL =
      Map.of("uniqueItems", "false", "nullable", "false", "unevaluatedProperties", "true");

  private Keywords() {}

  private static Set<String> words(String words) {
    return Set.of(words.split(" "));
  }

  /** The keywords of a schema that decide what values it accepts. */
  static Set<String> deciding(JsonNode schema) {
    return schema.propertyNames().stream()
        .filter(name -> !IGNORED.contains(name) && !name.startsWith("x-") && !neutral(schema, name))
        .collect(Collectors.toSet());
  }

  private static boolean neutral(JsonNode schema, String name) {
    return schema.get(name).toString().equals(NEUTRAL.get(name));
  }

  /**
   * Checks that every keyword of a schema is known and supported.
   *
   * @param at where the schema is, as a JSON pointer
   * @throws SchemaException otherwise
   */
  static void require(JsonNode schema, String at) {
    for (String name : deciding(schema)) {
      if (Stream.of(OF_STRINGS, OF_NUMBERS, OF_ARRAYS, OF_OBJECTS, OTHERS)
          .noneMatch(known -> known.contains(name))) {
        String advice = ADVICE.get(name);
        throw new SchemaException(
            advice == null
                ? "the keyword %s at %s is unknown; remove it, or see the documentation for those supported"
                    .formatted(name, at)
                : "the keyword %s at %s is not supported; %s".formatted(name, at, advice));
      }
    }
  }
}
