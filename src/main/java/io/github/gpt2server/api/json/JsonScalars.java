package io.github.gpt2server.api.json;

import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.FieldException;
import io.github.gpt2server.web.json.WellFormed;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads numbers, booleans and strings without guessing: a number in quotes is not a number. A
 * number without a fraction is an integer however it is written, as in JSON Schema.
 */
final class JsonScalars {

  private JsonScalars() {}

  /**
   * The integer at the parser.
   *
   * @throws FieldException if there is something else, or an integer outside of the limits
   */
  static long integer(JsonParser parser, long min, long max) {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NUMBER_INT) {
      if (parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        long value = parser.getLongValue();
        if (value >= min && value <= max) {
          return value;
        }
      }
      String given = found(parser);
      throw new FieldException(
          "must be an integer, but "
              + given
              + " is too "
              + (given.startsWith("-") ? "small." : "large."));
    }
    if (token == JsonToken.VALUE_NUMBER_FLOAT) {
      double value = parser.getDoubleValue();
      boolean exact = value == Math.rint(value) && Math.abs(value) < 1L << 53;
      if (exact && value >= min && value <= max) {
        return (long) value;
      }
    }
    throw new FieldException("must be an integer, but is " + found(parser) + ".");
  }

  /**
   * The number at the parser.
   *
   * @throws FieldException if there is something else, or a number beyond doubles
   */
  static double number(JsonParser parser) {
    if (!parser.currentToken().isNumeric()) {
      throw new FieldException("must be a number, but is " + found(parser) + ".");
    }
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value)) {
      throw new FieldException("must be a finite number, but " + found(parser) + " is too large.");
    }
    return value;
  }

  /**
   * The boolean at the parser.
   *
   * @throws FieldException if there is something else
   */
  static boolean bool(JsonParser parser) {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw new FieldException("must be true or false, but is " + found(parser) + ".");
    };
  }

  /**
   * The text at the parser.
   *
   * @param limit its largest number of characters
   * @throws FieldException if there is something else, a longer string or half of a surrogate pair
   */
  static String text(JsonParser parser, int limit) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new FieldException("must be a string, but is " + found(parser) + ".");
    }
    String value = string(parser, limit);
    if (!WellFormed.isWellFormed(value)) {
      throw new FieldException(WellFormed.PROBLEM);
    }
    return value;
  }

  /**
   * The string at the parser, which is at one.
   *
   * @throws FieldException if it is longer than {@code limit} characters, as soon as it is
   */
  static String string(JsonParser parser, int limit) {
    LimitedWriter writer = LimitedWriter.refusing(limit);
    parser.readString(writer);
    return writer.toString();
  }

  /** Names the JSON value at the parser as a client would: {@code the string "5"}. */
  static String found(JsonParser parser) {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> "the string \"" + Excerpt.of(beginning(parser)) + "\"";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Excerpt.of(parser.getString());
      case VALUE_TRUE -> "true";
      case VALUE_FALSE -> "false";
      case VALUE_NULL -> "null";
      case START_ARRAY -> "an array";
      case START_OBJECT, PROPERTY_NAME -> "an object";
      default -> "something else";
    };
  }

  /** More of a string than an {@link Excerpt} shows. */
  private static String beginning(JsonParser parser) {
    LimitedWriter writer = LimitedWriter.cutting(1000);
    parser.readString(writer);
    return writer.toString();
  }
}
