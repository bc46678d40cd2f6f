package io.github.gpt2server.api;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;

/**
 * Reads numbers, booleans and strings without guessing: a number in quotes is not a number. A
 * number without a fraction is an integer however it is written, as in JSON Schema.
 */
final class StrictScalars extends SimpleModule {
  private static final long serialVersionUID = 1L;

  StrictScalars() {
    super("strict scalars");
    addDeserializer(
        Integer.class,
        new Scalar<>(Integer.class) {
          @Override
          Integer read(JsonParser parser) {
            return (int) integer(parser, Integer.MIN_VALUE, Integer.MAX_VALUE);
          }
        });
    addDeserializer(
        Long.class,
        new Scalar<>(Long.class) {
          @Override
          Long read(JsonParser parser) {
            return integer(parser, Long.MIN_VALUE, Long.MAX_VALUE);
          }
        });
    addDeserializer(
        Double.class,
        new Scalar<>(Double.class) {
          @Override
          Double read(JsonParser parser) {
            return number(parser);
          }
        });
    addDeserializer(
        Boolean.class,
        new Scalar<>(Boolean.class) {
          @Override
          Boolean read(JsonParser parser) {
            return bool(parser);
          }
        });
    addDeserializer(
        String.class,
        new Scalar<>(String.class) {
          @Override
          String read(JsonParser parser) {
            return string(parser);
          }
        });
  }

  private static long integer(JsonParser parser, long min, long max) {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NUMBER_INT) {
      if (parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        long value = parser.getLongValue();
        if (value >= min && value <= max) {
          return value;
        }
      }
      throw new FieldException(
          parser,
          "must be an integer from " + min + " to " + max + ", but is " + found(parser) + ".");
    }
    if (token == JsonToken.VALUE_NUMBER_FLOAT) {
      double value = parser.getDoubleValue();
      boolean exact = value == Math.rint(value) && Math.abs(value) < 1L << 53;
      if (exact && value >= min && value <= max) {
        return (long) value;
      }
    }
    throw new FieldException(parser, "must be an integer, but is " + found(parser) + ".");
  }

  private static double number(JsonParser parser) {
    if (!parser.currentToken().isNumeric()) {
      throw new FieldException(parser, "must be a number, but is " + found(parser) + ".");
    }
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value)) {
      throw new FieldException(
          parser, "must be a finite number, but " + found(parser) + " is too large.");
    }
    return value;
  }

  private static boolean bool(JsonParser parser) {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default ->
          throw new FieldException(parser, "must be true or false, but is " + found(parser) + ".");
    };
  }

  private static String string(JsonParser parser) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new FieldException(parser, "must be a string, but is " + found(parser) + ".");
    }
    String value = parser.getString();
    if (!WellFormed.isWellFormed(value)) {
      throw new FieldException(
          parser,
          "holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove"
              + " it or complete the pair.");
    }
    return value;
  }

  /** Names the JSON value at the parser as a client would: {@code the string "5"}. */
  static String found(JsonParser parser) {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> "the string \"" + Excerpt.of(parser.getString()) + "\"";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Excerpt.of(parser.getString());
      case VALUE_TRUE -> "true";
      case VALUE_FALSE -> "false";
      case VALUE_NULL -> "null";
      case START_ARRAY -> "an array";
      case START_OBJECT, PROPERTY_NAME -> "an object";
      default -> "something else";
    };
  }

  private abstract static class Scalar<T> extends StdDeserializer<T> {

    Scalar(Class<T> type) {
      super(type);
    }

    abstract T read(JsonParser parser);

    @Override
    public T deserialize(JsonParser parser, DeserializationContext context) {
      return read(parser);
    }
  }
}
