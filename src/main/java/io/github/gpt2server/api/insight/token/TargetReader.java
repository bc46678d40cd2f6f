package io.github.gpt2server.api.insight.token;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Validates {@code targets}: single tokens, given by their texts or ids. */
public final class TargetReader {
  /** Maximum number of tokens that a message lists for a text of several tokens. */
  private static final int MAX_LISTED = 5;

  private final ServedModel model;
  private final PromptReader reader;

  /** A reader of targets for this model. */
  public TargetReader(ServedModel model, PromptReader reader) {
    this.model = model;
    this.reader = reader;
  }

  /**
   * The targets' token ids, none if {@code targets} is null.
   *
   * @throws ApiException 400, if a target is not exactly one token
   */
  public int[] read(List<JsonNode> targets) {
    int[] tokens = new int[targets == null ? 0 : targets.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode target = targets.get(i);
      String place = "targets[" + i + "]";
      if (target != null && target.isString() && !target.stringValue().isEmpty()) {
        tokens[i] = single(place, target.stringValue());
      } else if (target != null && target.isNumber() && target.canConvertToExactIntegral()) {
        tokens[i] = known(place, target);
      } else {
        throw ApiException.invalid(
            "targets",
            "%s must be the text or id of a token, but is %s."
                .formatted(place, target == null ? "null" : Excerpt.of(target.toString())));
      }
    }
    return tokens;
  }

  private int known(String place, JsonNode id) {
    int token = id.canConvertToInt() ? id.intValue() : -1;
    if (token < 0 || token >= model.vocabSize()) {
      throw ApiException.invalid(
          "targets",
          "%s is %s, which is not a token id; the vocabulary has ids from 0 to %d."
              .formatted(place, Excerpt.of(id.toString()), model.vocabSize() - 1));
    }
    return token;
  }

  private int single(String place, String text) {
    int[] tokens = reader.encode(place, text);
    if (tokens.length != 1) {
      // The usual mistake: most words are one token only together with their leading space.
      boolean spaceIsMissing = reader.encode(place, " " + text).length == 1;
      throw ApiException.invalid(
          "targets",
          "%s must be one token, but \"%s\" is %d tokens: %s%s. %s"
              .formatted(
                  place,
                  Excerpt.of(text),
                  tokens.length,
                  Arrays.stream(tokens)
                      .limit(MAX_LISTED)
                      .mapToObj(
                          id -> "\"" + Excerpt.of(model.tokenizer().token(id)) + "\" (" + id + ")")
                      .collect(Collectors.joining(", ")),
                  tokens.length > MAX_LISTED ? ", ..." : "",
                  spaceIsMissing
                      ? "With a leading space, \" " + Excerpt.of(text) + "\", it is one."
                      : "Send one of them, by its text or id."));
    }
    return tokens[0];
  }
}
