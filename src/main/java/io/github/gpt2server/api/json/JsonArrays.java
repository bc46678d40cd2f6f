package io.github.gpt2server.api.json;

import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.FieldException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads arrays and maps of scalars, and counts their elements before they are read. */
final class JsonArrays {
  private static final int FIRST_CAPACITY = 16;

  private JsonArrays() {}

  /** An array of integers. */
  static int[] integers(JsonParser parser, int limit, String noun) {
    requireArray(parser);
    int[] values = new int[FIRST_CAPACITY];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      FieldLimit.check(count + 1, limit, noun);
      if (count == values.length) {
        values = grown(values, limit);
      }
      try {
        values[count] = (int) JsonScalars.integer(parser, Integer.MIN_VALUE, Integer.MAX_VALUE);
      } catch (FieldException e) {
        throw e.at(count);
      }
      count++;
    }
    return Arrays.copyOf(values, count);
  }

  /** Twice the room, but no more than is allowed. */
  static int[] grown(int[] values, int limit) {
    return Arrays.copyOf(values, (int) Math.min(limit, values.length * 2L));
  }

  /** An array of strings. */
  static List<String> texts(JsonParser parser, FieldLimit limit) {
    requireArray(parser);
    List<String> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      FieldLimit.check(values.size() + 1, limit.items(), "texts");
      try {
        values.add(JsonScalars.text(parser, limit.characters()));
      } catch (FieldException e) {
        throw e.at(values.size());
      }
    }
    return values;
  }

  /** Numbers by their names; null stands for null. */
  static Map<String, Double> numbers(JsonParser parser, FieldLimit limit) {
    requireObject(parser);
    Map<String, Double> values = new LinkedHashMap<>();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      FieldLimit.check(values.size() + 1, limit.items(), "entries");
      try {
        values.put(
            name, parser.nextToken() == JsonToken.VALUE_NULL ? null : JsonScalars.number(parser));
      } catch (FieldException e) {
        throw e.in(Excerpt.of(name));
      }
    }
    return values;
  }

  static void requireArray(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw new FieldException("must be an array, but is " + JsonScalars.found(parser) + ".");
    }
  }

  static void requireObject(JsonParser parser) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new FieldException("must be an object, but is " + JsonScalars.found(parser) + ".");
    }
  }
}
