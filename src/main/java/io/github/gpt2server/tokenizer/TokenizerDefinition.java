package io.github.gpt2server.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A tokenizer as its folder describes it, before anything is built from it.
 *
 * @param source the file that messages name
 * @param json the whole definition, as {@code tokenizer.json} has it
 * @param tokens ids by token of the BPE vocabulary, written in GPT-2's byte alphabet
 * @param addedTokens ids by token, written as the text they stand for, {@code <|endoftext|>} among
 *     them if the vocabulary has it
 * @param size how many ids there are: the tokens', or {@code vocab_size} of {@code config.json} if
 *     that is more
 * @param endOfText the id of {@code <|endoftext|>}, or {@code eos_token_id} of {@code config.json}
 *     in a vocabulary without it
 */
record TokenizerDefinition(
    Path source,
    ObjectNode json,
    Map<String, Integer> tokens,
    Map<String, Integer> addedTokens,
    int size,
    int endOfText) {

  private static final String END_OF_TEXT = "<|endoftext|>";

  /** Far above any vocabulary; keeps one wrong id from asking for gigabytes. */
  private static final int MAX_SIZE = 1 << 24;

  /**
   * Reads {@code tokenizer.json}, or {@code vocab.json} with {@code merges.txt} in a folder without
   * it.
   *
   * @throws TokenizerLoadException if the files are missing or do not describe a byte-level BPE
   */
  static TokenizerDefinition read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new TokenizerLoadException(folder + " is not a folder.");
    }
    Path single = folder.resolve("tokenizer.json");
    if (Files.exists(single)) {
      return of(folder, single, JsonFile.read(single));
    }
    return of(folder, folder.resolve(SeparateFiles.VOCABULARY), SeparateFiles.read(folder));
  }

  private static TokenizerDefinition of(Path folder, Path source, ObjectNode json) {
    JsonNode model = json.path("model");
    String type = model.path("type").asString("BPE");
    if (!type.equals("BPE") || !(model.path("vocab") instanceof ObjectNode vocabulary)) {
      throw new TokenizerLoadException(
          source
              + " does not describe a BPE tokenizer (model.type BPE with a model.vocab object).");
    }
    Map<String, Integer> tokens = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
      tokens.put(entry.getKey(), wholeNumber(source, entry.getKey(), entry.getValue()));
    }
    Path configFile = folder.resolve("config.json");
    ObjectNode config = Files.exists(configFile) ? JsonFile.read(configFile) : JsonFile.object();
    int modelSize =
        config.has("vocab_size")
            ? wholeNumber(configFile, "vocab_size", config.path("vocab_size"))
            : 0;
    AddedTokens.complete(folder, json, END_OF_TEXT, modelSize == 0 ? MAX_SIZE : modelSize);
    Map<String, Integer> addedTokens = new LinkedHashMap<>();
    for (JsonNode added : json.path("added_tokens")) {
      String content = added.path("content").asString("");
      addedTokens.put(content, wholeNumber(source, content, added.path("id")));
    }
    int size = Math.max(Math.max(size(tokens), size(addedTokens)), modelSize);
    return new TokenizerDefinition(
        source, json, tokens, addedTokens, size, endOfText(source, addedTokens, config, size));
  }

  /**
   * Whether {@link WordBoundaries} are boundaries to this tokenizer: nothing but GPT-2's own
   * pre-tokenizer, and no added token that holds white space or swallows it.
   */
  boolean splitsAtWords() {
    JsonNode preTokenizer = json.path("pre_tokenizer");
    boolean own =
        preTokenizer.path("type").asString("").equals("ByteLevel")
            && preTokenizer.path("use_regex").asBoolean(true)
            && !preTokenizer.path("add_prefix_space").asBoolean(true)
            && json.path("normalizer").isEmpty();
    for (JsonNode added : json.path("added_tokens")) {
      own &= added.path("content").asString("").chars().noneMatch(Character::isWhitespace);
      for (String reach : List.of("lstrip", "rstrip", "single_word", "normalized")) {
        own &= !added.path(reach).asBoolean(false);
      }
    }
    return own;
  }

  private static int endOfText(
      Path source, Map<String, Integer> addedTokens, ObjectNode config, int size) {
    Integer endOfText = addedTokens.get(END_OF_TEXT);
    if (endOfText != null) {
      return endOfText;
    }
    JsonNode named = config.path("eos_token_id");
    int configured = named.isInt() ? named.intValue() : -1;
    if (configured < 0 || configured >= size) {
      throw new TokenizerLoadException(
          source + " has no <|endoftext|>, and no config.json names another eos_token_id.");
    }
    return configured;
  }

  private static int size(Map<String, Integer> ids) {
    int size = 0;
    for (int id : ids.values()) {
      size = Math.max(size, id + 1);
    }
    return size;
  }

  private static int wholeNumber(Path file, String name, JsonNode value) {
    if (!value.isInt() || value.intValue() < 0 || value.intValue() >= MAX_SIZE) {
      throw new TokenizerLoadException(
          "%s gives \"%s\" the number %s, which is not a whole one from 0 to %d."
              .formatted(file, name, value, MAX_SIZE - 1));
    }
    return value.intValue();
  }
}
