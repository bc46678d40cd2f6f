package io.github.gpt2server.constraint.json;

import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/**
 * Reads a JSON Schema (2020-12, and what earlier drafts have in common with it) as the language of
 * the texts that it accepts, in the form of {@link JsonText}. The language is a part of what the
 * schema accepts, so that each of its texts is valid:
 *
 * <ul>
 *   <li>properties come in the schema's order, and those that it does not name after them;
 *   <li>properties and items that the schema does not describe are generated only if {@code
 *       additionalProperties} or {@code items} asks for them, or if it describes none;
 *   <li>a value without any description has at most {@value #ANY_DEPTH} arrays and objects in each
 *       other; a recursive reference is followed at most {@value #MAX_RECURSION} times.
 * </ul>
 */
public final class SchemaReader {
  /** Largest depth of an object that nothing is said about. */
  public static final int OBJECT_DEPTH = 6;

  /** Largest depth of a value that nothing is said about. */
  public static final int ANY_DEPTH = 3;

  /** Largest number of times that a reference is followed within itself. */
  public static final int MAX_RECURSION = 4;

  private static final int MAX_DEPTH = 64;
  private static final int MAX_SCHEMAS = 10_000;

  private final JsonNode root;
  private final JsonText text;
  private final ValueReader values;
  private final Map<String, Integer> followed = new HashMap<>();
  private int schemas;
  private int depth;

  private SchemaReader(JsonNode root, DeterministicBuilder builder) {
    this.root = root;
    this.text = new JsonText(builder);
    this.values = new ValueReader(this::read, text, builder);
  }

  /**
   * The texts of the values that a schema accepts.
   *
   * @throws SchemaException if the schema is wrong or has what is not supported
   */
  public static Fragment read(JsonNode schema, DeterministicBuilder builder) {
    return new SchemaReader(schema, builder).read(schema, "#");
  }

  /** The texts of objects that nothing is said about. */
  public static Fragment anyObject(DeterministicBuilder builder) {
    JsonText text = new JsonText(builder);
    return text.anyObject(text.any(OBJECT_DEPTH - 1));
  }

  private Fragment read(JsonNode schema, String at) {
    if (schema.isBoolean()) {
      return schema.booleanValue() ? text.any(ANY_DEPTH) : Fragment.NOTHING;
    }
    if (!schema.isObject()) {
      throw new SchemaException("%s is not a schema; write an object or a boolean".formatted(at));
    }
    if (++schemas > MAX_SCHEMAS) {
      throw new SchemaException(
          "it has more than %d schemas when its references are followed; use fewer references"
              .formatted(MAX_SCHEMAS));
    }
    if (++depth > MAX_DEPTH) {
      throw new SchemaException(
          "%s is nested more than %d deep; use fewer levels".formatted(at, MAX_DEPTH));
    }
    Keywords.require(schema, at);
    Fragment result = described(schema, at);
    depth--;
    return result;
  }

  private Fragment described(JsonNode schema, String at) {
    Set<String> deciding = Keywords.deciding(schema);
    for (String alone : List.of("$ref", "anyOf", "oneOf", "allOf")) {
      if (deciding.contains(alone)) {
        if (deciding.size() > 1) {
          String other =
              deciding.stream().filter(name -> !name.equals(alone)).sorted().toList().get(0);
          throw new SchemaException(
              "%s at %s has %s beside it, which is not supported; move it into the schemas that it combines"
                  .formatted(alone, at, other));
        }
        return alone.equals("$ref") ? reference(schema, at) : combined(schema, alone, at);
      }
    }
    return deciding.isEmpty() ? text.any(ANY_DEPTH) : values.read(schema, deciding, at);
  }

  private Fragment combined(JsonNode schema, String keyword, String at) {
    JsonNode parts = schema.get(keyword);
    if (!parts.isArray() || parts.isEmpty()) {
      throw new SchemaException("%s at %s must be an array of schemas".formatted(keyword, at));
    }
    if (keyword.equals("allOf") && parts.size() > 1) {
      throw new SchemaException(
          "allOf at %s with %d schemas is not supported; write them as one schema"
              .formatted(at, parts.size()));
    }
    if (keyword.equals("oneOf")) {
      Exclusive.require(parts, this::resolved, at);
    }
    List<Fragment> alternatives = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      alternatives.add(read(parts.get(i), at + "/" + keyword + "/" + i));
    }
    return Fragment.alternatives(alternatives);
  }

  private Fragment reference(JsonNode schema, String at) {
    String target = target(schema, at);
    JsonNode found = find(target, at);
    int times = followed.getOrDefault(target, 0);
    if (times > MAX_RECURSION) {
      return Fragment.NOTHING;
    }
    followed.put(target, times + 1);
    Fragment result = read(found, target);
    followed.put(target, times);
    return result;
  }

  /** The schema that a schema stands for, without its references; null if it has none such. */
  private JsonNode resolved(JsonNode schema, String at) {
    JsonNode result = schema;
    for (int i = 0; i < MAX_DEPTH && result.has("$ref"); i++) {
      result = find(target(result, at), at);
    }
    return result;
  }

  private static String target(JsonNode schema, String at) {
    JsonNode reference = schema.get("$ref");
    if (!reference.isString()) {
      throw new SchemaException("$ref at %s must be a string".formatted(at));
    }
    return reference.stringValue();
  }

  private JsonNode find(String target, String at) {
    if (!target.equals("#") && !target.startsWith("#/")) {
      throw new SchemaException(
          "the $ref at %s leads out of the schema; put what it names under $defs and write #/$defs/…"
              .formatted(at));
    }
    JsonNode found;
    try {
      found = root.at(JsonPointer.compile(target.substring(1)));
    } catch (IllegalArgumentException e) {
      found = root.path("");
    }
    if (found.isMissingNode()) {
      throw new SchemaException("the $ref at %s leads to nothing in the schema".formatted(at));
    }
    return found;
  }
}
