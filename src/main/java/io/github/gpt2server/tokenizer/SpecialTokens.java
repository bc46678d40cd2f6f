package io.github.gpt2server.tokenizer;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokens that a folder's files give a role, such as {@code bos_token}: {@code
 * tokenizer_config.json}, and {@code special_tokens_map.json}, which is older. As in Hugging Face
 * transformers the older file wins, unless the newer one lists its tokens in {@code
 * added_tokens_decoder}.
 */
final class SpecialTokens {
  static final String BEGINNING = "bos_token";
  static final String END = "eos_token";
  static final String UNKNOWN = "unk_token";

  private static final String MAP = "special_tokens_map.json";

  private static final List<String> ROLES =
      List.of(BEGINNING, END, UNKNOWN, "sep_token", "pad_token", "cls_token", "mask_token");

  /** Further special tokens; the name of transformers 4, and that of transformers 5. */
  private static final List<String> LISTS =
      List.of("additional_special_tokens", "extra_special_tokens");

  /**
   * A token as a file names it.
   *
   * @param properties {@code lstrip} and the like, where the file has them
   */
  record Named(String content, ObjectNode properties) {}

  /** The tokens by role; those without one by their content. */
  private final Map<String, Named> tokens = new LinkedHashMap<>();

  private SpecialTokens() {}

  /**
   * Reads the roles.
   *
   * @param configuration what {@code tokenizer_config.json} holds
   * @throws TokenizerLoadException if a file is malformed
   */
  static SpecialTokens read(Path folder, ObjectNode configuration) {
    SpecialTokens special = new SpecialTokens();
    Path map = folder.resolve(MAP);
    ObjectNode older = JsonFile.readIfPresent(map);
    Path configurationFile = folder.resolve(AddedTokens.CONFIGURATION);
    if (configuration.path(AddedTokens.DECODER).isObject()) {
      special.add(map, older);
      special.add(configurationFile, configuration);
    } else {
      special.add(configurationFile, configuration);
      special.add(map, older);
    }
    return special;
  }

  /** All of them, each once or more often. */
  Collection<Named> all() {
    return tokens.values();
  }

  /** The content of the token with a role. */
  Optional<String> content(String role) {
    return Optional.ofNullable(tokens.get(role)).map(Named::content);
  }

  /** Adds the tokens that a file names, in place of earlier ones. */
  private void add(Path file, ObjectNode json) {
    for (String role : ROLES) {
      named(file, role, json.path(role)).ifPresent(token -> tokens.put(role, token));
    }
    for (String list : LISTS) {
      for (JsonNode item : json.path(list)) {
        named(file, list, item).ifPresent(token -> tokens.put("[] " + token.content(), token));
      }
    }
  }

  private static Optional<Named> named(Path file, String field, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    JsonNode content = value.isObject() ? value.path("content") : value;
    if (!content.isString()) {
      throw new TokenizerLoadException(
          "%s has a %s that is neither a string nor an object with content."
              .formatted(file, field));
    }
    // A role that is given the empty string is not filled.
    return content.stringValue().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Named(
                content.stringValue(),
                value instanceof ObjectNode properties ? properties : JsonFile.object()));
  }
}
