package io.github.gpt2server.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokens that are found in a text before BPE begins. Three files may list them, by the age of what
 * wrote them: {@code tokenizer.json}, {@code added_tokens_decoder} of {@code
 * tokenizer_config.json}, {@code added_tokens.json}. Where they speak of one token, the first of
 * these is heard.
 */
final class AddedTokens {
  private static final Logger log = LoggerFactory.getLogger(AddedTokens.class);

  private static final String LIST = "added_tokens";

  private final Path folder;
  private final ObjectNode json;
  private final ArrayNode list;

  private AddedTokens(Path folder, ObjectNode json) {
    this.folder = folder;
    this.json = json;
    this.list = json.path(LIST) instanceof ArrayNode existing ? existing : json.putArray(LIST);
  }

  /**
   * Completes the list of a definition from the folder's other files, and sees to it that the
   * library gives each token the id that the files give it.
   *
   * @param json in the form of {@code tokenizer.json}; changed
   * @param endOfText a token that belongs to the list wherever BPE's vocabulary has it
   * @param vocabSize how many ids the model has; a token beyond them, which a fine-tune has added
   *     without enlarging the model, is left out with a warning
   * @throws TokenizerLoadException if a file is malformed
   */
  static void complete(Path folder, ObjectNode json, String endOfText, int vocabSize) {
    final AddedTokens tokens = new AddedTokens(folder, json);
    tokens.addFromConfiguration();
    tokens.addFromOldFile();
    final JsonNode known = json.path("model").path("vocab").path(endOfText);
    if (known.isInt()) {
      tokens.add(endOfText, known.intValue(), true);
    }
    tokens.leaveOutBeyond(vocabSize);
    tokens.putIntoVocabulary();
  }

  private void addFromConfiguration() {
    final Path file = folder.resolve("tokenizer_config.json");
    if (!Files.exists(file)) {
      return;
    }
    for (final Map.Entry<String, JsonNode> entry :
        JsonFile.read(file).path("added_tokens_decoder").properties()) {
      final JsonNode token = entry.getValue();
      if (!entry.getKey().matches("\\d{1,9}") || !token.path("content").isString()) {
        throw new TokenizerLoadException(
            "%s has an added token \"%s\" without a whole number or without content."
                .formatted(file, entry.getKey()));
      }
      final ObjectNode added =
          add(
              token.path("content").asString(),
              Integer.parseInt(entry.getKey()),
              token.path("special").asBoolean(false));
      if (added != null) {
        for (final String reach : List.of("single_word", "lstrip", "rstrip")) {
          added.put(reach, token.path(reach).asBoolean(false));
        }
      }
    }
  }

  private void addFromOldFile() {
    final Path file = folder.resolve("added_tokens.json");
    if (!Files.exists(file)) {
      return;
    }
    for (final Map.Entry<String, JsonNode> entry : JsonFile.read(file).properties()) {
      if (!entry.getValue().isInt()) {
        throw new TokenizerLoadException(
            "%s gives \"%s\" no whole number as its id.".formatted(file, entry.getKey()));
      }
      add(entry.getKey(), entry.getValue().intValue(), false);
    }
  }

  /** The new entry, or null if the list has such a token. */
  private ObjectNode add(String content, int id, boolean special) {
    for (final JsonNode token : list) {
      if (token.path("content").asString("").equals(content)) {
        return null;
      }
    }
    return list.addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private void leaveOutBeyond(int vocabSize) {
    final List<String> left = new ArrayList<>();
    for (int i = list.size() - 1; i >= 0; i--) {
      if (list.get(i).path("id").asInt(0) >= vocabSize) {
        left.add(list.remove(i).path("content").asString(""));
      }
    }
    if (!left.isEmpty()) {
      log.warn(
          "{} has {} added tokens whose ids the model does not have (config.json: vocab_size {}):"
              + " they are left out, \"{}\" among them",
          folder,
          left.size(),
          vocabSize,
          left.get(0));
    }
  }

  /** The library would number those that BPE's vocabulary lacks itself, one after another. */
  private void putIntoVocabulary() {
    if (!(json.path("model").path("vocab") instanceof ObjectNode vocabulary)) {
      return;
    }
    final Map<String, Integer> missing = new LinkedHashMap<>();
    for (final JsonNode token : list) {
      final String content = token.path("content").asString("");
      if (!vocabulary.has(content) && token.path("id").isInt()) {
        missing.put(content, token.path("id").intValue());
      }
    }
    missing.forEach(vocabulary::put);
  }
}
