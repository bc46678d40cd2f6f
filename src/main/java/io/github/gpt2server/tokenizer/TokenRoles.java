package io.github.gpt2server.tokenizer;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/**
 * The tokens that begin and end a text.
 *
 * @param beginning the token that stands before a text; empty if the files name none
 * @param end the token that ends a text; empty if the files name none
 * @param unknown the token that is called the unknown one; byte-level BPE has no use for it
 */
record TokenRoles(OptionalInt beginning, OptionalInt end, OptionalInt unknown) {
  static final String END_OF_TEXT = "<|endoftext|>";

  /** The value that {@code GPT2Config} of Hugging Face transformers has for both. */
  private static final int DEFAULT = 50256;

  /**
   * Decides: first comes what the tokenizer's files name, then what the model's do, if that is a
   * special token, then {@code <|endoftext|>}, then what the model's files name in any case. An
   * untouched {@code config.json} beside a tokenizer of another language names an ordinary word.
   *
   * @param special the tokenizer's own names
   * @param addedTokens ids by added token
   * @param generation what {@code generation_config.json} holds
   * @param config what {@code config.json} holds
   * @param size how many ids there are
   */
  static TokenRoles of(
      SpecialTokens special,
      Map<String, Integer> addedTokens,
      JsonNode generation,
      JsonNode config,
      int size) {
    OptionalInt endOfText = id(addedTokens, Optional.of(END_OF_TEXT));
    OptionalInt end =
        first(
            id(addedTokens, special.content(SpecialTokens.END)),
            endOfText,
            named("eos_token_id", generation, config, size));
    OptionalInt named = named("bos_token_id", generation, config, size);
    OptionalInt beginning =
        first(
            id(addedTokens, special.content(SpecialTokens.BEGINNING)),
            named.isPresent() && addedTokens.containsValue(named.getAsInt())
                ? named
                : OptionalInt.empty(),
            endOfText,
            named,
            end);
    OptionalInt unknown = first(id(addedTokens, special.content(SpecialTokens.UNKNOWN)), endOfText);
    return new TokenRoles(beginning, end, unknown);
  }

  private static OptionalInt id(Map<String, Integer> addedTokens, Optional<String> content) {
    return content.map(addedTokens::get).map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** The first id of a field, a number or an array, that the vocabulary has. */
  private static OptionalInt named(String field, JsonNode generation, JsonNode config, int size) {
    JsonNode value = generation.path(field);
    if (value.isMissingNode() || value.isNull()) {
      value = config.path(field);
    }
    IntStream ids =
        value.isMissingNode()
            ? IntStream.of(DEFAULT)
            : (value.isArray()
                    ? StreamSupport.stream(value.spliterator(), false)
                    : Stream.of(value))
                .filter(JsonNode::isInt)
                .mapToInt(JsonNode::intValue);
    return ids.filter(id -> id >= 0 && id < size).findFirst();
  }

  private static OptionalInt first(OptionalInt... candidates) {
    return Stream.of(candidates)
        .filter(OptionalInt::isPresent)
        .findFirst()
        .orElse(OptionalInt.empty());
  }
}
