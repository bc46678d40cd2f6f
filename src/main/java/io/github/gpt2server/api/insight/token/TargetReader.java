package io.github.gpt2server.api.insight.token;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Reads {@code targets}: single tokens, named by their texts or ids. */
public final class TargetReader {
  private static final int MOST_NAMED = 5;

  private final ServedModel model;
  private final PromptReader reader;

  public TargetReader(ServedModel model, PromptReader reader) {
    this.model = model;
    this.reader = reader;
  }

  /**
   * The targets' token ids, none if {@code targets} is null.
   *
   * @throws ApiException 400, if one is no token or several
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
            "%s must be the text or the id of a token, but is %s."
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
          "%s is %s, which is no token id; the vocabulary has ids from 0 to %d."
              .formatted(place, Excerpt.of(id.toString()), model.vocabSize() - 1));
    }
    return token;
  }

  private int single(String place, String text) {
    int[] tokens = reader.encode(place, text);
    if (tokens.length != 1) {
      // Most often a word without the space that belongs to its token.
      boolean spaceIsMissing = reader.encode(place, " " + text).length == 1;
      throw ApiException.invalid(
          "targets",
          "%s is \"%s\", which is %d tokens: %s%s; a target must be one token. %s"
              .formatted(
                  place,
                  Excerpt.of(text),
                  tokens.length,
                  Arrays.stream(tokens)
                      .limit(MOST_NAMED)
                      .mapToObj(
                          id -> "\"" + Excerpt.of(model.tokenizer().token(id)) + "\" (" + id + ")")
                      .collect(Collectors.joining(", ")),
                  tokens.length > MOST_NAMED ? ", ..." : "",
                  spaceIsMissing
                      ? "With a space before it, \" " + Excerpt.of(text) + "\", it is one."
                      : "Name one of these, by its text or its id."));
    }
    return tokens[0];
  }
}
