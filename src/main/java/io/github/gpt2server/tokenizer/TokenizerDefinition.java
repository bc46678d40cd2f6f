package io.github.gpt2server.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * @param special the ids of the added tokens that are special: they belong to no text
 * @param size how many ids there are: the tokens', or {@code vocab_size} of {@code config.json} if
 *     that is more
 * @param roles which tokens begin and end a text
 * @param postProcessor the tokens that are put around a text
 * @param growth the number of bytes that a byte of text becomes at the most
 */
record TokenizerDefinition(
    Path source,
    ObjectNode json,
    Map<String, Integer> tokens,
    Map<String, Integer> addedTokens,
    Set<Integer> special,
    int size,
    TokenRoles roles,
    PostProcessor postProcessor,
    int growth) {

  /** The size of the largest vocabulary that a GPT-2 may have. */
  private static final int MAX_SIZE = 1 << 24;

  /**
   * Keeps one wrong id from asking for gigabytes where no configuration says how many there are.
   */
  private static final int MAX_SIZE_WITHOUT_CONFIGURATION = 1 << 20;

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
      return of(folder, single, JsonFile.read(single), false);
    }
    return of(folder, folder.resolve(SeparateFiles.VOCABULARY), SeparateFiles.read(folder), true);
  }

  private static TokenizerDefinition of(
      Path folder, Path source, ObjectNode json, boolean separate) {
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
    ObjectNode config = JsonFile.readIfPresent(configFile);
    int modelSize =
        config.has("vocab_size")
            ? wholeNumber(configFile, "vocab_size", config.path("vocab_size"))
            : 0;
    requireRoom(source, configFile, size(tokens), modelSize);
    ObjectNode configuration = JsonFile.readIfPresent(folder.resolve(AddedTokens.CONFIGURATION));
    SpecialTokens named = SpecialTokens.read(folder, configuration);
    AddedTokens.complete(
        folder,
        json,
        configuration,
        named,
        TokenRoles.END_OF_TEXT,
        modelSize == 0 ? MAX_SIZE_WITHOUT_CONFIGURATION : modelSize);
    Map<String, Integer> addedTokens = new LinkedHashMap<>();
    Set<Integer> special = new HashSet<>();
    for (JsonNode added : json.path("added_tokens")) {
      String content = added.path("content").asString("");
      int id = wholeNumber(source, content, added.path("id"));
      addedTokens.put(content, id);
      if (added.path("special").asBoolean(false)) {
        special.add(id);
      }
    }
    int size = Math.max(Math.max(size(tokens), size(addedTokens)), modelSize);
    ObjectNode generation = JsonFile.readIfPresent(folder.resolve("generation_config.json"));
    TokenRoles roles = TokenRoles.of(named, addedTokens, generation, config, size);
    LibraryForm.complete(json, configuration, separate, named, size);
    PostProcessor postProcessor = PostProcessor.of(source, json.path("post_processor"), size);
    int growth = NativeSafety.check(source, json);
    return new TokenizerDefinition(
        source, json, tokens, addedTokens, special, size, roles, postProcessor, growth);
  }

  /** Returns whether an added token is one where it stands in a text. */
  boolean finds(int addedToken) {
    return json.path("added_tokens")
        .valueStream()
        .anyMatch(token -> token.path("id").asInt(-1) == addedToken);
  }

  /** The added tokens that are found in what a normalizer makes of a text. */
  List<String> normalizedAddedTokens() {
    return json.path("normalizer").isEmpty()
        ? List.of()
        : json.path("added_tokens")
            .valueStream()
            .filter(token -> token.path("normalized").asBoolean(false))
            .map(token -> token.path("content").asString(""))
            .toList();
  }

  /** Returns whether a space is put before each text. */
  boolean addsPrefixSpace() {
    // The library's default.
    return LibraryForm.byteLevel(json)
        .map(part -> part.path("add_prefix_space").asBoolean(true))
        .orElse(false);
  }

  /** Returns whether the byte-level alphabet is what the texts are turned into. */
  boolean byteLevel() {
    return LibraryForm.byteLevel(json).isPresent();
  }

  /** Before anything is laid out by the ids of tokens. */
  private static void requireRoom(Path source, Path configFile, int size, int modelSize) {
    if (modelSize > 0 && size > modelSize) {
      throw new TokenizerLoadException(
          "%s has tokens with ids up to %d, but %s has vocab_size %d: they belong to different models."
              .formatted(source, size - 1, configFile, modelSize));
    }
    if (size > MAX_SIZE_WITHOUT_CONFIGURATION && modelSize == 0) {
      throw new TokenizerLoadException(
          "%s has tokens with ids up to %d, but without vocab_size in %s they must be below %d."
              .formatted(source, size - 1, configFile, MAX_SIZE_WITHOUT_CONFIGURATION));
    }
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
