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
 * these is heard. The {@link SpecialTokens} belong to them wherever they are listed, or are not.
 */
final class AddedTokens {
  private static final Logger log = LoggerFactory.getLogger(AddedTokens.class);

  static final String CONFIGURATION = "tokenizer_config.json";
  static final String DECODER = "added_tokens_decoder";

  private static final String LIST = "added_tokens";

  /** Properties of a token that swallows or minds what is around it. */
  static final List<String> REACH = List.of("single_word", "lstrip", "rstrip");

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
   * @param configuration what {@code tokenizer_config.json} holds
   * @param special tokens with a role; one without an id gets the next that is free
   * @param endOfText a token that belongs to the list wherever BPE's vocabulary has it
   * @param vocabSize how many ids the model has; a token beyond them, which a fine-tune has added
   *     without enlarging the model, is left out with a warning
   * @throws TokenizerLoadException if a file is malformed
   */
  static void complete(
      Path folder,
      ObjectNode json,
      ObjectNode configuration,
      SpecialTokens special,
      String endOfText,
      int vocabSize) {
    AddedTokens tokens = new AddedTokens(folder, json);
    tokens.addFromConfiguration(configuration);
    tokens.addFromOldFile();
    if (tokens.vocabularyId(endOfText).isInt()) {
      tokens.add(endOfText, tokens.vocabularyId(endOfText).intValue(), true);
    }
    special.all().forEach(tokens::addSpecial);
    tokens.leaveOutBeyond(vocabSize);
    tokens.putIntoVocabulary();
  }

  private JsonNode vocabularyId(String content) {
    return json.path("model").path("vocab").path(content);
  }

  private void addFromConfiguration(ObjectNode configuration) {
    for (Map.Entry<String, JsonNode> entry : configuration.path(DECODER).properties()) {
      JsonNode token = entry.getValue();
      if (!entry.getKey().matches("\\d{1,9}") || !token.path("content").isString()) {
        throw new TokenizerLoadException(
            "%s has an added token \"%s\" without a whole number or without content."
                .formatted(folder.resolve(CONFIGURATION), entry.getKey()));
      }
      ObjectNode added =
          add(
              token.path("content").asString(),
              Integer.parseInt(entry.getKey()),
              token.path("special").asBoolean(false));
      if (added != null) {
        REACH.forEach(reach -> added.put(reach, token.path(reach).asBoolean(false)));
      }
    }
  }

  private void addSpecial(SpecialTokens.Named token) {
    for (JsonNode listed : list) {
      if (listed.path("content").asString("").equals(token.content())) {
        ((ObjectNode) listed).put("special", true);
        return;
      }
    }
    JsonNode id = vocabularyId(token.content());
    ObjectNode added = add(token.content(), id.isInt() ? id.intValue() : freeId(), true);
    REACH.forEach(reach -> added.put(reach, token.properties().path(reach).asBoolean(false)));
  }

  /** The id after the largest one. */
  private int freeId() {
    int free = 0;
    for (JsonNode id : json.path("model").path("vocab")) {
      free = Math.max(free, id.asInt(0) + 1);
    }
    for (JsonNode token : list) {
      free = Math.max(free, token.path("id").asInt(0) + 1);
    }
    return free;
  }

  private void addFromOldFile() {
    Path file = folder.resolve("added_tokens.json");
    if (!Files.exists(file)) {
      return;
    }
    for (Map.Entry<String, JsonNode> entry : JsonFile.read(file).properties()) {
      if (!entry.getValue().isInt()) {
        throw new TokenizerLoadException(
            "%s gives \"%s\" no whole number as its id.".formatted(file, entry.getKey()));
      }
      add(entry.getKey(), entry.getValue().intValue(), false);
    }
  }

  /** The new entry, or null if the list has such a token. */
  private ObjectNode add(String content, int id, boolean special) {
    for (JsonNode token : list) {
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
    List<String> left = new ArrayList<>();
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
    Map<String, Integer> missing = new LinkedHashMap<>();
    for (JsonNode token : list) {
      String content = token.path("content").asString("");
      if (!vocabulary.has(content) && token.path("id").isInt()) {
        missing.put(content, token.path("id").intValue());
      }
    }
    missing.forEach(vocabulary::put);
  }
}
