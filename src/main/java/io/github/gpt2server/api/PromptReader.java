package io.github.gpt2server.api;

import io.github.gpt2server.engine.ServedModel;
import io.github.gpt2server.tokenizer.TokenizedText;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Reads the forms in which a prompt may be sent and makes token ids of them. A text gets the tokens
 * that the tokenizer's files put around one, which for GPT-2's own are none. A prompt without any
 * token becomes the one that begins a text, in GPT-2 {@code <|endoftext|>}.
 */
public final class PromptReader {
  private final ServedModel model;

  /** Reads prompts for this model. */
  public PromptReader(ServedModel model) {
    this.model = model;
  }

  /**
   * The token ids of {@link #prompts(String, JsonNode, boolean)}, with the tokens that the
   * tokenizer puts around a text.
   *
   * @throws ApiException 400, if {@code node} is anything else
   */
  public List<int[]> prompts(String field, JsonNode node) {
    return prompts(field, node, true).stream().map(PromptTokens::ids).toList();
  }

  /**
   * One or more prompts: a string, an array of strings, an array of token ids or an array of arrays
   * of token ids.
   *
   * @param addSpecialTokens whether a text gets the tokens that the tokenizer puts around one
   * @throws ApiException 400, if {@code node} is anything else
   */
  public List<PromptTokens> prompts(String field, JsonNode node, boolean addSpecialTokens) {
    if (node == null || node.isNull()) {
      return List.of(prompt(field, new int[0]));
    }
    if (node.isString()) {
      return List.of(prompt(field, node.stringValue(), addSpecialTokens));
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
      return List.of(prompt(field, tokens(field, node)));
    }
    List<PromptTokens> prompts = new ArrayList<>(node.size());
    boolean strings = node.get(0).isString();
    for (int i = 0; i < node.size(); i++) {
      JsonNode item = node.get(i);
      String place = field + "[" + i + "]";
      if (strings && item.isString()) {
        prompts.add(prompt(place, item.stringValue(), addSpecialTokens));
      } else if (!strings && item.isArray()) {
        prompts.add(prompt(place, tokens(place, item)));
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
   * A prompt that is a text; one without any token becomes the one that begins a text.
   *
   * @param addSpecialTokens whether it gets the tokens that the tokenizer puts around a text
   * @throws ApiException as {@link #tokenize} does, or 400 if it is empty and no token begins a
   *     text
   */
  public PromptTokens prompt(String field, String text, boolean addSpecialTokens) {
    TokenizedText tokens = tokenize(field, text, addSpecialTokens);
    return tokens.ids().length == 0 ? prompt(field, tokens.ids()) : PromptTokens.of(text, tokens);
  }

  /**
   * A prompt of token ids; one without any becomes the one that begins a text.
   *
   * @throws ApiException 400, if it is empty and no token begins a text
   */
  public PromptTokens prompt(String field, int[] tokens) {
    return PromptTokens.of(orBeginning(field, tokens), model.tokenizer());
  }

  /**
   * The token ids of a text, none for an empty one, and none around it.
   *
   * @throws ApiException as {@link #tokenize} does
   */
  public int[] encode(String field, String text) {
    return tokenize(field, text, false).ids();
  }

  /**
   * The tokens of a text.
   *
   * @param addSpecialTokens whether it gets the tokens that the tokenizer puts around one
   * @throws ApiException 400, if the text is not Unicode or the vocabulary lacks one of its bytes
   */
  public TokenizedText tokenize(String field, String text, boolean addSpecialTokens) {
    requireUnicode(field, text);
    try {
      return model.tokenizer().tokenize(text, addSpecialTokens);
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

  /**
   * The tokens, or the one that begins a text if there are none.
   *
   * @throws ApiException 400, if there are none and no token begins a text
   */
  private int[] orBeginning(String field, int[] tokens) {
    return tokens.length == 0 ? new int[] {beginning(field)} : tokens;
  }

  /**
   * The token that begins a text.
   *
   * @throws ApiException 400, if this model has none
   */
  public int beginning(String field) {
    return model
        .tokenizer()
        .beginning()
        .orElseThrow(
            () ->
                ApiException.invalid(
                    field,
                    field
                        + " asks for the token that begins a text, as an empty prompt does, but"
                        + " this model has none (no bos_token and no eos_token); send a prompt."));
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
