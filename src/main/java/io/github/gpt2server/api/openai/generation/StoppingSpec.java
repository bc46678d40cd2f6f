package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Validated fields of a request that end its texts.
 *
 * @param tokenIds tokens that end a text
 * @param strings strings that end a text, none of them empty
 */
record StoppingSpec(Set<Integer> tokenIds, List<String> strings) {

  /**
   * Validates the fields.
   *
   * @param minTokens number of tokens that must be generated before a token may end the text
   * @throws ApiException 400, if a field is invalid
   */
  static StoppingSpec check(StoppingFields fields, int minTokens, ServedModel model) {
    Set<Integer> tokenIds = new HashSet<>();
    if (fields.ignoreEos() == null || !fields.ignoreEos()) {
      tokenIds.addAll(model.endTokens());
    }
    if (fields.stopTokenIds() != null) {
      for (int token : new PromptReader(model).tokens("stop_token_ids", fields.stopTokenIds())) {
        tokenIds.add(token);
      }
    }
    List<String> strings = strings(fields.stop());
    if (minTokens > 0 && tokenIds.size() == model.vocabSize()) {
      throw ApiException.invalid(
          "stop_token_ids",
          ("stop_token_ids and the model's own end tokens cover all %d tokens, so with min_tokens ="
                  + " %d no token can be generated; remove some of stop_token_ids, or min_tokens.")
              .formatted(model.vocabSize(), minTokens));
    }
    return new StoppingSpec(tokenIds, strings);
  }

  private static List<String> strings(JsonNode stop) {
    if (stop == null) {
      return List.of();
    }
    if (!stop.isString() && !stop.isArray()) {
      throw notStrings(stop);
    }
    List<String> strings = new ArrayList<>();
    for (JsonNode item : stop.isString() ? List.of(stop) : stop.values()) {
      if (!item.isString()) {
        throw notStrings(item);
      }
      strings.add(item.stringValue());
    }
    for (String string : strings) {
      if (string.isEmpty()) {
        throw ApiException.invalid(
            "stop", "stop contains an empty string, which would match every text; remove it.");
      }
      PromptReader.requireUnicode("stop", string);
    }
    return strings;
  }

  private static ApiException notStrings(JsonNode found) {
    return ApiException.invalid(
        "stop",
        "stop must be a string or an array of strings, but contains "
            + Excerpt.of(found.toString())
            + ".");
  }
}
