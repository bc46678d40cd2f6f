package io.github.gpt2server.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Guards the library against definitions and texts that it cannot bear. An error that its authors
 * did not expect ends the process, and so does memory that there is not.
 */
final class NativeSafety {

  /** A definition that makes more of a text leaves too little of it to be read. */
  private static final int MAX_GROWTH = 64;

  /**
   * Number of bytes that a byte of text can become at most. NFKD makes 33 of the three of U+FDFA,
   * NFD twelve of the four of U+1D160, and the byte alphabet two of one.
   */
  private static final Map<String, Integer> NORMALIZERS =
      Map.ofEntries(
          Map.entry("NFC", 3),
          Map.entry("NFD", 3),
          Map.entry("NFKC", 11),
          Map.entry("NFKD", 11),
          Map.entry("Lowercase", 2),
          Map.entry("Strip", 1),
          Map.entry("StripAccents", 1),
          Map.entry("Nmt", 1),
          Map.entry("BertNormalizer", 6),
          Map.entry("ByteLevel", 2));

  /** That of GPT-2 is where the memory of a byte is counted from. */
  private static final Map<String, Integer> PRE_TOKENIZERS =
      Map.ofEntries(
          Map.entry("ByteLevel", 1),
          Map.entry("Digits", 1),
          Map.entry("Punctuation", 1),
          Map.entry("Whitespace", 1),
          Map.entry("WhitespaceSplit", 1),
          Map.entry("BertPreTokenizer", 1),
          Map.entry("UnicodeScripts", 1),
          Map.entry("CharDelimiterSplit", 1),
          Map.entry("Metaspace", 4));

  /** The longest added token. It is looked for at as many places around each cut of a text. */
  private static final int MAX_ADDED_TOKEN = 1_000;

  private final Path source;

  private NativeSafety(Path source) {
    this.source = source;
  }

  /**
   * Checks a definition, and removes from it what the library would only read.
   *
   * @param json the definition in the form that the library is given; changed
   * @param source the file that messages name
   * @return the number of bytes that a byte of text becomes at the most
   * @throws TokenizerLoadException if it has what the library cannot bear
   */
  static int check(Path source, ObjectNode json) {
    for (String unused : new String[] {"decoder", "post_processor", "truncation", "padding"}) {
      json.remove(unused);
    }
    NativeSafety safety = new NativeSafety(source);
    for (String affix : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!json.path("model").path(affix).asString("").isEmpty()) {
        throw safety.refused(
            "a model with %s, which byte-level BPE does not have".formatted(affix));
      }
    }
    for (JsonNode added : json.path("added_tokens")) {
      int characters = added.path("content").asString("").length();
      if (characters > MAX_ADDED_TOKEN) {
        throw safety.refused(
            "an added token of %d characters, but one may have at most %d"
                .formatted(characters, MAX_ADDED_TOKEN));
      }
    }
    long growth =
        safety.normalizer(json.path("normalizer"))
            * safety.preTokenizer(json.path("pre_tokenizer"));
    if (growth > MAX_GROWTH) {
      throw safety.refused(
          "normalizers and pre-tokenizers that may make %d bytes of one, and may make %d"
              .formatted(growth, MAX_GROWTH));
    }
    return (int) growth;
  }

  private long normalizer(JsonNode part) {
    String type = part.path("type").asString("");
    if (part.isMissingNode() || part.isNull()) {
      return 1;
    }
    if (type.equals("Sequence")) {
      long growth = 1;
      for (JsonNode item : part.path("normalizers")) {
        growth = limited(growth * normalizer(item));
      }
      return growth;
    }
    if (type.equals("Replace")) {
      requirePattern("normalizer", part.path("pattern"));
      return Math.max(1, length(part.path("content")));
    }
    if (type.equals("Prepend") && length(part.path("prepend")) > 0) {
      return 1L + length(part.path("prepend"));
    }
    return growth("normalizer", type, NORMALIZERS);
  }

  private long preTokenizer(JsonNode part) {
    String type = part.path("type").asString("");
    if (part.isMissingNode() || part.isNull()) {
      return 1;
    }
    if (type.equals("Sequence")) {
      long growth = 1;
      int byteLevels = 0;
      for (JsonNode item : part.path("pretokenizers")) {
        growth = limited(growth * preTokenizer(item));
        // Each after the first takes the other's alphabet for text.
        byteLevels += item.path("type").asString("").equals("ByteLevel") ? 1 : 0;
        growth = limited(byteLevels > 1 ? 2 * growth : growth);
      }
      return growth;
    }
    if (type.equals("Split")) {
      requirePattern("pre_tokenizer", part.path("pattern"));
      return 1;
    }
    return growth("pre_tokenizer", type, PRE_TOKENIZERS);
  }

  private int growth(String what, String type, Map<String, Integer> known) {
    Integer growth = known.get(type);
    if (growth == null) {
      throw refused("a %s of the type \"%s\", which is not supported".formatted(what, type));
    }
    return growth;
  }

  private void requirePattern(String what, JsonNode pattern) {
    String literal = pattern.path("String").asString("");
    String regex = pattern.path("Regex").asString("");
    if (literal.isEmpty() && !SafePatterns.contain(regex)) {
      throw refused(
          ("a %s with the pattern \"%s\", which is none that GPT-2's tokenizers use and may take any"
                  + " time; use a literal string%s")
              .formatted(
                  what,
                  regex,
                  what.equals("pre_tokenizer") ? ", or the pre_tokenizer ByteLevel" : ""));
    }
  }

  /** Saturates far above the limit, so that nothing overflows. */
  private static long limited(long growth) {
    return Math.min(growth, 1_000_000);
  }

  private static int length(JsonNode text) {
    return text.asString("").getBytes(StandardCharsets.UTF_8).length;
  }

  private TokenizerLoadException refused(String what) {
    return new TokenizerLoadException("%s has %s.".formatted(source, what));
  }
}
