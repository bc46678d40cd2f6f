package io.github.gpt2server.api.json;

import io.github.gpt2server.api.limit.FieldLimit;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.web.error.FieldException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the forms in which a prompt may be sent, element by element. */
final class JsonPrompts {
  private static final int FIRST_CAPACITY = 64;

  private final JsonParser parser;
  private final FieldLimit limit;

  private JsonPrompts(JsonParser parser, FieldLimit limit) {
    this.parser = parser;
    this.limit = limit;
  }

  /**
   * The prompt at the parser.
   *
   * @throws FieldException if there is something else, or too much
   */
  static Prompt read(JsonParser parser, FieldLimit limit) {
    return new JsonPrompts(parser, limit).read();
  }

  private Prompt read() {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      return new Prompt.Text(JsonScalars.string(parser, limit.characters()));
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw new FieldException(
          "must be a string, an array of strings, an array of token ids or an array of such"
              + " arrays, but is "
              + JsonScalars.found(parser)
              + ".");
    }
    return switch (parser.nextToken()) {
      case VALUE_STRING -> new Prompt.Texts(texts());
      case START_ARRAY -> new Prompt.TokenLists(tokenLists());
      case END_ARRAY, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Prompt.Tokens(tokens());
      default -> throw wrongItem(0, "a string, a token id or an array of token ids.");
    };
  }

  private List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (; parser.currentToken() != JsonToken.END_ARRAY; parser.nextToken()) {
      FieldLimit.check(texts.size() + 1, limit.items(), "texts");
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw wrongItem(texts.size(), "a string like the first.");
      }
      try {
        texts.add(JsonScalars.string(parser, limit.characters()));
      } catch (FieldException e) {
        throw e.at(texts.size());
      }
    }
    return texts;
  }

  private List<int[]> tokenLists() {
    List<int[]> lists = new ArrayList<>();
    for (; parser.currentToken() != JsonToken.END_ARRAY; parser.nextToken()) {
      FieldLimit.check(lists.size() + 1, limit.items(), "lists of token ids");
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw wrongItem(lists.size(), "an array of token ids like the first.");
      }
      try {
        parser.nextToken();
        lists.add(tokens());
      } catch (FieldException e) {
        throw e.at(lists.size());
      }
    }
    return lists;
  }

  /** Reads token ids from the first element to the end of the array. */
  private int[] tokens() {
    int[] ids = new int[Math.min(FIRST_CAPACITY, limit.tokens())];
    int count = 0;
    for (; parser.currentToken() != JsonToken.END_ARRAY; parser.nextToken()) {
      FieldLimit.check(count + 1, limit.tokens(), "token ids");
      if (count == ids.length) {
        ids = JsonArrays.grown(ids, limit.tokens());
      }
      ids[count] = token(count);
      count++;
    }
    return Arrays.copyOf(ids, count);
  }

  private int token(int index) {
    JsonToken kind = parser.currentToken();
    if (kind == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() == JsonParser.NumberType.INT) {
      return parser.getIntValue();
    }
    double value = kind.isNumeric() ? parser.getDoubleValue() : Double.NaN;
    if (value != Math.rint(value)) {
      throw new FieldException(
              "is " + JsonScalars.found(parser) + "; an array of token ids holds only integers.")
          .at(index)
          .ofField();
    }
    if (Math.abs(value) > Integer.MAX_VALUE) {
      throw new FieldException(
              "is " + JsonScalars.found(parser) + ", which is outside the range of token ids.")
          .at(index)
          .ofField();
    }
    return (int) value;
  }

  private FieldException wrongItem(int index, String expected) {
    return new FieldException(
            "is " + JsonScalars.found(parser) + "; every item must be " + expected)
        .at(index)
        .ofField();
  }
}
