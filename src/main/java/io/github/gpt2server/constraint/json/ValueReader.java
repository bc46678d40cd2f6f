package io.github.gpt2server.constraint.json;

import static io.github.gpt2server.constraint.automaton.Fragment.alternatives;
import static io.github.gpt2server.constraint.automaton.Fragment.optional;
import static io.github.gpt2server.constraint.automaton.Fragment.sequence;
import static io.github.gpt2server.constraint.automaton.Fragment.text;

import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.Repetition;
import io.github.gpt2server.constraint.regex.RegexException;
import io.github.gpt2server.constraint.regex.RegexReader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** Reads schemas that describe values by constants, or by types with their keywords. */
final class ValueReader {
  private static final List<String> TYPES =
      List.of("null", "boolean", "integer", "number", "string", "array", "object");

  /** Largest number of characters of a bound, or of its exponent's size. */
  private static final int MAX_DIGITS = 40;

  /** Each takes a determinization of its own. */
  private static final int MAX_PATTERNS = 100;

  private final BiFunction<JsonNode, String, Fragment> schemas;
  private final JsonText json;
  private final DeterministicBuilder builder;
  private int patterns;

  /**
   * Creates a reader.
   *
   * @param schemas reads the schemas within
   */
  ValueReader(
      BiFunction<JsonNode, String, Fragment> schemas, JsonText json, DeterministicBuilder builder) {
    this.schemas = schemas;
    this.json = json;
    this.builder = builder;
  }

  /**
   * Reads a schema.
   *
   * @param deciding its keywords that decide, at least one
   * @throws SchemaException if it is wrong
   */
  Fragment read(JsonNode schema, Set<String> deciding, String at) {
    Set<String> types = types(schema, deciding, at);
    if (deciding.contains("const") || deciding.contains("enum")) {
      return constants(schema, deciding, types, at);
    }
    return alternatives(types.stream().map(type -> ofType(type, schema, at)).toList());
  }

  /** The types that a schema names, or else those that its keywords are about. */
  private static Set<String> types(JsonNode schema, Set<String> deciding, String at) {
    Set<String> types = new LinkedHashSet<>();
    JsonNode type = schema.path("type");
    if (type.isMissingNode()) {
      addIf(types, "string", deciding, Keywords.OF_STRINGS);
      addIf(types, "number", deciding, Keywords.OF_NUMBERS);
      addIf(types, "array", deciding, Keywords.OF_ARRAYS);
      addIf(types, "object", deciding, Keywords.OF_OBJECTS);
      return types.isEmpty() ? new LinkedHashSet<>(TYPES) : types;
    }
    List<JsonNode> named = type.isArray() ? type.valueStream().toList() : List.of(type);
    for (JsonNode each : named) {
      if (!each.isString() || !TYPES.contains(each.stringValue())) {
        throw new SchemaException(
            "the type at %s is %s; use %s".formatted(at, each, String.join(", ", TYPES)));
      }
      types.add(each.stringValue());
    }
    return types;
  }

  private static void addIf(
      Set<String> types, String type, Set<String> deciding, Set<String> keywords) {
    if (!Collections.disjoint(deciding, keywords)) {
      types.add(type);
    }
  }

  private static Fragment constants(
      JsonNode schema, Set<String> deciding, Set<String> types, String at) {
    for (String name : deciding) {
      if (!name.equals("const") && !name.equals("enum") && !name.equals("type")) {
        throw new SchemaException(
            "%s at %s is beside const or enum, which is not supported; leave only values that satisfy it"
                .formatted(name, at));
      }
    }
    JsonNode values = schema.path("enum");
    if (!values.isMissingNode() && !values.isArray()) {
      throw new SchemaException("enum at %s must be an array".formatted(at));
    }
    List<JsonNode> allowed =
        schema.has("const") ? List.of(schema.get("const")) : values.valueStream().toList();
    Predicate<JsonNode> inEnum =
        value -> values.isMissingNode() || values.valueStream().anyMatch(value::equals);
    return alternatives(
        allowed.stream()
            .filter(inEnum)
            .filter(value -> types.stream().anyMatch(type -> is(value, type)))
            .map(JsonText::constant)
            .toList());
  }

  private static boolean is(JsonNode value, String type) {
    return switch (type) {
      case "null" -> value.isNull();
      case "boolean" -> value.isBoolean();
      case "integer" ->
          value.isNumber() && value.decimalValue().remainder(BigDecimal.ONE).signum() == 0;
      case "number" -> value.isNumber();
      case "string" -> value.isString();
      case "array" -> value.isArray();
      default -> value.isObject();
    };
  }

  private Fragment ofType(String type, JsonNode schema, String at) {
    return switch (type) {
      case "null" -> JsonText.NULL;
      case "boolean" -> JsonText.BOOLEAN;
      case "integer", "number" -> number(type.equals("integer"), schema, at);
      case "string" -> string(schema, at);
      case "array" -> array(schema, at);
      default -> object(schema, at);
    };
  }

  private Fragment number(boolean integer, JsonNode schema, String at) {
    BigDecimal minimum = bound(schema, "minimum", at);
    BigDecimal above = bound(schema, "exclusiveMinimum", at);
    BigDecimal maximum = bound(schema, "maximum", at);
    BigDecimal below = bound(schema, "exclusiveMaximum", at);
    boolean lowExcluded = above != null && (minimum == null || above.compareTo(minimum) >= 0);
    boolean highExcluded = below != null && (maximum == null || below.compareTo(maximum) <= 0);
    BigDecimal low = lowExcluded ? above : minimum;
    BigDecimal high = highExcluded ? below : maximum;
    if (low == null && high == null) {
      return integer ? JsonText.INTEGER : JsonText.NUMBER;
    }
    DecimalRange range = new DecimalRange(low, lowExcluded, high, highExcluded);
    return integer ? range.integers() : range.numbers(builder);
  }

  private static BigDecimal bound(JsonNode schema, String name, String at) {
    JsonNode value = schema.path(name);
    if (value.isMissingNode()) {
      return null;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw new SchemaException("%s at %s must be a number".formatted(name, at));
    }
    BigDecimal bound = value.decimalValue();
    if (bound.precision() > MAX_DIGITS || Math.abs(bound.scale()) > MAX_DIGITS) {
      throw new SchemaException(
          "%s at %s has more than %d digits; use fewer".formatted(name, at, MAX_DIGITS));
    }
    return bound;
  }

  private Fragment string(JsonNode schema, String at) {
    int least = count(schema, "minLength", 0, at);
    int most = count(schema, "maxLength", Repetition.UNBOUNDED, at);
    if (most < least) {
      return Fragment.NOTHING;
    }
    Fragment content = null;
    if (schema.has("format")) {
      String name = schema.get("format").asString("");
      String regex = Formats.BY_NAME.get(name);
      if (regex == null) {
        throw new SchemaException(
            "the format %s at %s is not supported; use %s, or pattern"
                .formatted(schema.get("format"), at, String.join(", ", Formats.BY_NAME.keySet())));
      }
      content = RegexReader.whole(regex, builder);
    }
    if (schema.has("pattern")) {
      Fragment pattern = pattern(schema.get("pattern"), at);
      content = content == null ? pattern : builder.intersection(content, pattern);
    }
    return content == null ? json.string(least, most) : json.string(content, least, most);
  }

  private Fragment pattern(JsonNode pattern, String at) {
    if (++patterns > MAX_PATTERNS) {
      throw new SchemaException(
          "it has more than %d patterns when its references are followed; use fewer"
              .formatted(MAX_PATTERNS));
    }
    if (!pattern.isString()) {
      throw new SchemaException("pattern at %s must be a string".formatted(at));
    }
    try {
      return RegexReader.anywhere(pattern.stringValue(), builder);
    } catch (RegexException e) {
      throw new SchemaException("pattern at %s cannot be used: %s".formatted(at, e.getMessage()));
    }
  }

  private Fragment array(JsonNode schema, String at) {
    int least = count(schema, "minItems", 0, at);
    int most = count(schema, "maxItems", Repetition.UNBOUNDED, at);
    JsonNode prefixes = schema.path("prefixItems");
    if (!prefixes.isMissingNode() && !prefixes.isArray()) {
      throw new SchemaException("prefixItems at %s must be an array of schemas".formatted(at));
    }
    if (schema.path("items").isArray()) {
      throw new SchemaException(
          "items at %s is an array of schemas; use prefixItems".formatted(at));
    }
    int fixed = Math.min(prefixes.size(), most);
    if (!schema.has("items") && fixed > 0) {
      most = Math.min(most, fixed);
    }
    if (most < least) {
      return Fragment.NOTHING;
    }
    Fragment rest = most > fixed ? rest(schema, fixed, least, most, at) : Fragment.EMPTY;
    for (int i = fixed - 1; i >= 0; i--) {
      Fragment item = schemas.apply(prefixes.get(i), at + "/prefixItems/" + i);
      rest = sequence(i > 0 ? JsonText.COMMA : Fragment.EMPTY, item, rest);
      rest = i >= least ? optional(rest) : rest;
    }
    return sequence(text("["), rest, text("]"));
  }

  /** The items after the first ones, which have schemas of their own. */
  private Fragment rest(JsonNode schema, int fixed, int least, int most, String at) {
    JsonNode items = schema.path("items");
    Fragment item =
        items.isMissingNode()
            ? json.any(SchemaReader.ANY_DEPTH - 1)
            : schemas.apply(items, at + "/items");
    if (item == Fragment.NOTHING) {
      return least > fixed ? item : Fragment.EMPTY;
    }
    int more = most == Repetition.UNBOUNDED ? most : most - fixed;
    Fragment list = new SeparatedList(item, JsonText.COMMA, Math.max(1, least - fixed), more);
    list = fixed > 0 ? sequence(JsonText.COMMA, list) : list;
    return least > fixed ? list : optional(list);
  }

  private Fragment object(JsonNode schema, String at) {
    JsonNode properties = schema.path("properties");
    if (!properties.isMissingNode() && !properties.isObject()) {
      throw new SchemaException("properties at %s must be an object".formatted(at));
    }
    Set<String> required = required(schema, at);
    JsonNode additional = schema.path("additionalProperties");
    boolean described = !properties.isEmpty() || !required.isEmpty();
    Fragment other =
        additional.isMissingNode()
            ? (described ? Fragment.NOTHING : json.any(SchemaReader.ANY_DEPTH - 1))
            : schemas.apply(additional, at + "/additionalProperties");
    List<Members.Member> members = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      String name = property.getKey();
      Fragment value = schemas.apply(property.getValue(), at + "/properties/" + name);
      boolean needed = required.remove(name);
      names.add(name);
      if (value != Fragment.NOTHING) {
        members.add(new Members.Member(JsonText.member(JsonText.name(name), value), needed));
      } else if (needed) {
        return value;
      }
    }
    for (String name : required) {
      Fragment value = additional.isMissingNode() ? json.any(SchemaReader.ANY_DEPTH - 1) : other;
      if (value == Fragment.NOTHING) {
        return value;
      }
      names.add(name);
      members.add(new Members.Member(JsonText.member(JsonText.name(name), value), true));
    }
    Fragment others =
        other == Fragment.NOTHING ? other : JsonText.member(json.nameOtherThan(names), other);
    return JsonText.object(new Members(members, others, JsonText.COMMA));
  }

  private static Set<String> required(JsonNode schema, String at) {
    JsonNode required = schema.path("required");
    Set<String> names = new LinkedHashSet<>();
    if (!required.isMissingNode() && !required.isArray()) {
      throw new SchemaException("required at %s must be an array of names".formatted(at));
    }
    for (JsonNode name : required) {
      if (!name.isString()) {
        throw new SchemaException("required at %s must be an array of names".formatted(at));
      }
      names.add(name.stringValue());
    }
    return names;
  }

  private static int count(JsonNode schema, String name, int absent, String at) {
    JsonNode value = schema.path(name);
    if (value.isMissingNode()) {
      return absent;
    }
    boolean whole =
        value.isNumber() && value.decimalValue().remainder(BigDecimal.ONE).signum() == 0;
    if (!whole || value.doubleValue() < 0) {
      throw new SchemaException("%s at %s must be a whole number from 0".formatted(name, at));
    }
    return (int) Math.min(Integer.MAX_VALUE - 1L, value.longValue());
  }
}
