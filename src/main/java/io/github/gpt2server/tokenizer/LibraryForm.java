package io.github.gpt2server.tokenizer;

import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Brings a definition into the form that the tokenizers library is given. */
final class LibraryForm {
  private LibraryForm() {}

  /**
   * Completes a definition.
   *
   * @param json in the form of {@code tokenizer.json}; changed
   * @param configuration what {@code tokenizer_config.json} holds: its {@code add_prefix_space}
   *     wins, as in Hugging Face transformers, and with its {@code split_special_tokens} special
   *     tokens are no tokens where they stand in a text
   * @param separate whether the definition is made of separate files, whose tokens before and after
   *     a text only {@code tokenizer_config.json} names ({@code add_bos_token}, {@code
   *     add_eos_token})
   * @param special the tokens with a role
   * @param size how many ids the vocabulary has
   */
  static void complete(
      ObjectNode json,
      ObjectNode configuration,
      boolean separate,
      SpecialTokens special,
      int size) {
    JsonNode prefix = configuration.path("add_prefix_space");
    if (prefix.isBoolean() && json.path("pre_tokenizer") instanceof ObjectNode preTokenizer) {
      if (isByteLevel(preTokenizer)) {
        preTokenizer.put("add_prefix_space", prefix.booleanValue());
      }
    }
    if (separate) {
      surround(json, configuration, special);
    }
    if (configuration.path("split_special_tokens").asBoolean(false)
        && json.path("added_tokens") instanceof ArrayNode added) {
      added.removeIf(token -> token.path("special").asBoolean(false));
    }
    if (json.path("model") instanceof ObjectNode model
        && model.path("vocab") instanceof ObjectNode vocabulary) {
      // Random merges are for training.
      model.remove("dropout");
      if (!vocabulary.has(model.path("unk_token").asString(""))) {
        model.remove("unk_token");
        if (byteLevel(json).isPresent()) {
          addMissingBytes(vocabulary, size);
        }
      }
    }
  }

  /** The pre-tokenizer that turns a text into the byte alphabet, alone or one of several. */
  static Optional<JsonNode> byteLevel(ObjectNode json) {
    JsonNode preTokenizer = json.path("pre_tokenizer");
    if (isByteLevel(preTokenizer)) {
      return Optional.of(preTokenizer);
    }
    return preTokenizer
        .path("pretokenizers")
        .valueStream()
        .filter(LibraryForm::isByteLevel)
        .findFirst();
  }

  private static boolean isByteLevel(JsonNode part) {
    return part.path("type").asString("").equals("ByteLevel");
  }

  /**
   * The library leaves out a byte that has no token. So it gets one, which no text may have: an id
   * past the vocabulary.
   */
  private static void addMissingBytes(ObjectNode vocabulary, int size) {
    int id = size;
    for (int value = 0; value < ByteAlphabet.BYTES; value++) {
      String token = String.valueOf(ByteAlphabet.character(value));
      if (!vocabulary.has(token)) {
        vocabulary.put(token, id++);
      }
    }
  }

  private static void surround(ObjectNode json, ObjectNode configuration, SpecialTokens special) {
    ArrayNode single = JsonFile.array();
    ObjectNode tokens = JsonFile.object();
    if (configuration.path("add_bos_token").asBoolean(false)) {
      put(SpecialTokens.BEGINNING, json, special, single, tokens);
    }
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    if (configuration.path("add_eos_token").asBoolean(false)) {
      put(SpecialTokens.END, json, special, single, tokens);
    }
    if (tokens.isEmpty()) {
      return;
    }
    ObjectNode processor = json.putObject("post_processor").put("type", "TemplateProcessing");
    processor.set("single", single);
    ArrayNode pair = processor.putArray("pair");
    for (String part : new String[] {"A", "B"}) {
      pair.addObject().putObject("Sequence").put("id", part).put("type_id", 0);
    }
    processor.set("special_tokens", tokens);
  }

  private static void put(
      String role, ObjectNode json, SpecialTokens special, ArrayNode single, ObjectNode tokens) {
    String content = special.content(role).orElse(TokenRoles.END_OF_TEXT);
    for (JsonNode added : json.path("added_tokens")) {
      if (added.path("content").asString("").equals(content)) {
        single.addObject().putObject("SpecialToken").put("id", content).put("type_id", 0);
        ObjectNode token = tokens.putObject(content).put("id", content);
        token.putArray("ids").add(added.path("id").asInt(0));
        token.putArray("tokens").add(content);
      }
    }
  }
}
