package io.github.gpt2server.api;

import io.github.gpt2server.engine.ServedModel;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Reads the forms in which a prompt may be sent and makes token ids of them. A prompt without any
 * token becomes {@code <|endoftext|>}, after which GPT-2 begins a new text.
 */
public final class PromptReader {
  private final ServedModel model;

  /** Reads prompts for this model. */
  public PromptReader(ServedModel model) {
    this.model = model;
  }

  /**
   * One or more prompts: a string, an array of strings, an array of token ids or an array of arrays
   * of token ids.
   *
   * @throws ApiException 400, if {@code node} is anything else
   */
  public List<int[]> prompts(String field, JsonNode node) {
    if (node == null || node.isNull()) {
      return List.of(orEndOfText(new int[0]));
    }
    if (node.isString()) {
      return List.of(orEndOfText(encode(field, node.stringValue())));
    }
    if (!node.isArray()) {
      throw ApiException.invalid(
          field,
          field
              + " must be a string, an array of strings, an array of token ids or an array of such"
              + " arrays, but is "
              + kind(node)
              + ".");
    }
    if (node.isEmpty() || node.get(0).isNumber()) {
      return List.of(orEndOfText(tokens(field, node)));
    }
    List<int[]> prompts = new ArrayList<>(node.size());
    boolean strings = node.get(0).isString();
    for (int i = 0; i < node.size(); i++) {
      JsonNode item = node.get(i);
      String place = field + "[" + i + "]";
      if (strings && item.isString()) {
        prompts.add(orEndOfText(encode(place, item.stringValue())));
      } else if (!strings && item.isArray()) {
        prompts.add(orEndOfText(tokens(place, item)));
      } else {
        throw ApiException.invalid(
            field,
            place
                + " is "
                + kind(item)
                + "; every item must be "
                + (strings ? "a string" : "an array of token ids")
                + (i == 0 ? "." : " like the first."));
      }
    }
    return prompts;
  }

  /**
   * The token ids of a text, none for an empty one.
   *
   * @throws ApiException 400, if the text is not Unicode or the vocabulary lacks one of its bytes
   */
  public int[] encode(String field, String text) {
    requireUnicode(field, text);
    try {
      return model.tokenizer().encode(text);
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(
          field, field + " cannot be written in this model's tokens: " + e.getMessage() + ".");
    }
  }

  /**
   * Checks that a string is text.
   *
   * @throws ApiException 400, if it holds half of a surrogate pair, as JSON escapes can write
   */
  public static void requireUnicode(String field, String text) {
    if (!WellFormed.isWellFormed(text)) {
      throw ApiException.invalid(
          field,
          field
              + " holds half of a surrogate pair (such as \\ud800 alone), which is not a character;"
              + " remove it or complete the pair.");
    }
  }

  /**
   * A list of token ids.
   *
   * @throws ApiException 400, if one is not in the vocabulary
   */
  public int[] tokens(String field, List<Integer> ids) {
    int[] tokens = new int[ids.size()];
    for (int i = 0; i < tokens.length; i++) {
      Integer id = ids.get(i);
      tokens[i] = token(field, i, id == null ? -1 : id, String.valueOf(id));
    }
    return tokens;
  }

  /** The tokens, or {@code <|endoftext|>} alone if there are none. */
  public int[] orEndOfText(int[] tokens) {
    return tokens.length == 0 ? new int[] {model.tokenizer().endOfText()} : tokens;
  }

  private int[] tokens(String field, JsonNode array) {
    int[] tokens = new int[array.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode item = array.get(i);
      if (!item.isNumber() || !item.canConvertToExactIntegral()) {
        throw ApiException.invalid(
            field,
            field
                + "["
                + i
                + "] is "
                + kind(item)
                + "; an array of token ids holds only integers.");
      }
      tokens[i] = token(field, i, item.canConvertToInt() ? item.intValue() : -1, kind(item));
    }
    return tokens;
  }

  private int token(String field, int index, int id, String shown) {
    if (id < 0 || id >= model.vocabSize()) {
      throw ApiException.invalid(
          field,
          field
              + "["
              + index
              + "] is "
              + shown
              + ", which is no token id; the vocabulary has ids from 0 to "
              + (model.vocabSize() - 1)
              + ".");
    }
    return id;
  }

  /** Names a JSON value as a client would. */
  static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING -> "the string \"" + Excerpt.of(node.stringValue()) + "\"";
      case NUMBER, BOOLEAN, NULL -> Excerpt.of(node.toString());
      case ARRAY -> "an array";
      default -> "an object";
    };
  }
}
