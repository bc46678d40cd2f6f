package io.github.gpt2server.api.json;

import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.FieldException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Reads a JSON value of any shape as a tree, as long as it is small; or goes past it. */
final class JsonTrees {

  /**
   * The largest number of fields of one object. The names of an object are remembered until it
   * ends, for none may stand there twice.
   */
  static final int MAX_FIELDS = 1000;

  /** The largest number of values inside each item of the value that is read. */
  private static final int VALUES_PER_ITEM = 8;

  private final JsonParser parser;
  private final FieldLimit limit;
  private final boolean strict;
  private final long maxValues;
  private long values;
  private boolean cut;

  private JsonTrees(JsonParser parser, FieldLimit limit, boolean strict) {
    this.parser = parser;
    this.limit = limit;
    this.strict = strict;
    this.maxValues = (limit.items() + 1L) * VALUES_PER_ITEM;
  }

  /**
   * The value at the parser.
   *
   * @throws FieldException if it is larger than the limit
   */
  static JsonNode read(JsonParser parser, FieldLimit limit) {
    return new JsonTrees(parser, limit, true).node(0);
  }

  /** The value at the parser, of which what is beyond the limit is left out. */
  static Part readPart(JsonParser parser, FieldLimit limit) {
    JsonTrees reader = new JsonTrees(parser, limit, false);
    JsonNode node = reader.node(0);
    return new Part(node, !reader.cut);
  }

  /**
   * A value, or a part of one.
   *
   * @param node the value, without what is beyond the limit
   * @param whole whether nothing is
   */
  record Part(JsonNode node, boolean whole) {}

  /**
   * Goes to the end of the value at the parser.
   *
   * @throws ApiException 400, if an object in it has too many fields
   */
  static void skip(JsonParser parser) {
    if (!parser.currentToken().isStructStart()) {
      return;
    }
    int depth = 1;
    int[] fields = new int[RequestJson.MAX_DEPTH + 1];
    fields[depth] = 0;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.PROPERTY_NAME) {
        checkFields(++fields[depth]);
      } else if (token.isStructStart()) {
        fields[++depth] = 0;
      } else if (token.isStructEnd()) {
        depth--;
      }
    }
  }

  /**
   * Checks the number of an object's fields that have been read so far.
   *
   * @throws ApiException 400, if there is one too many
   */
  static void checkFields(int count) {
    if (count > MAX_FIELDS) {
      throw ApiException.invalid(
          null,
          "An object of the body may have at most "
              + MAX_FIELDS
              + " fields, but has more; leave out those that this endpoint does not know.");
    }
  }

  private JsonNode node(int depth) {
    return switch (parser.currentToken()) {
      case START_ARRAY -> array(depth);
      case START_OBJECT -> object(depth);
      case VALUE_STRING -> JsonNodeFactory.instance.stringNode(string());
      default -> parser.readValueAsTree();
    };
  }

  private String string() {
    if (strict) {
      return JsonScalars.string(parser, limit.characters());
    }
    LimitedWriter writer = LimitedWriter.cutting(limit.characters());
    parser.readString(writer);
    cut |= writer.isCut();
    return writer.toString();
  }

  private ArrayNode array(int depth) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean beyond = depth == 0 && isBeyond(array.size() + 1L, limit.items(), "items");
      if (beyond || isBeyond(++values, maxValues, "values in all")) {
        skip(parser);
        continue;
      }
      try {
        array.add(node(depth + 1));
      } catch (FieldException e) {
        throw e.at(array.size());
      }
    }
    return array;
  }

  private ObjectNode object(int depth) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    int count = 0;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      checkFields(++count);
      parser.nextToken();
      if (isBeyond(++values, maxValues, "values in all")) {
        skip(parser);
        continue;
      }
      try {
        object.set(name, node(depth + 1));
      } catch (FieldException e) {
        throw e.in(Excerpt.of(name));
      }
    }
    return object;
  }

  private boolean isBeyond(long count, long most, String noun) {
    if (count <= most) {
      return false;
    }
    if (strict) {
      throw FieldLimit.tooMany(most, noun);
    }
    cut = true;
    return true;
  }
}
