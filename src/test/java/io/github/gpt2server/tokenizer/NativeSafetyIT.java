package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.testing.OneCore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Definitions that end the process, were the library given them, and those beside them that do not:
 * a test of these ends the tests if it fails.
 */
@OneCore
class NativeSafetyIT {
  private static final String BYTE_LEVEL =
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true,"
          + " \"use_regex\": %s}";

  @TempDir Path path;

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '~',
      textBlock =
          """
          {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": false} @ a pre_tokenizer with the pattern "(a+)+$", which is none that GPT-2's tokenizers use and may take any time; use a literal string, or the pre_tokenizer ByteLevel.
          {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a*b"}, "behavior": "Isolated", "invert": false}]} @ a pre_tokenizer with the pattern "a*b"
          {"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated", "invert": false} @ a pre_tokenizer with the pattern ""
          {"type": "FixedLength", "length": 0} @ a pre_tokenizer of the type "FixedLength", which is not supported.
          {"pattern": {"String": "a"}} @ a pre_tokenizer of the type "", which is not supported.
          {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}, {"type": "ByteLevel"}]} @ normalizers and pre-tokenizers that may make 128 bytes of one, and may make 64.
          """)
  void preTokenizersThatEndTheProcessAreRefused(String preTokenizer, String reason) {
    assertRefused("pre_tokenizer", preTokenizer, reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '~',
      textBlock =
          """
          {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"} @ a normalizer with the pattern "(a+)+$", which is none
          {"type": "Replace", "pattern": {"Regex": "a?"}, "content": "b"} @ a normalizer with the pattern "a?"
          {"type": "Replace", "pattern": {"Regex": ""}, "content": "b"} @ a normalizer with the pattern ""
          {"type": "Replace", "pattern": {"String": ""}, "content": "b"} @ a normalizer with the pattern ""
          {"type": "Prepend", "prepend": ""} @ a normalizer of the type "Prepend", which is not supported.
          {"type": "Precompiled", "precompiled_charsmap": "AAAA"} @ a normalizer of the type "Precompiled", which is not supported.
          {"type": "Replace", "pattern": {"String": "a"}, "content": "%s"} @ may make 65 bytes of one, and may make 64.
          {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "NFKC"}]} @ may make 121 bytes of one
          """)
  void normalizersThatEndTheProcessAreRefused(String normalizer, String reason) {
    assertRefused("normalizer", normalizer.replace("%s", "b".repeat(65)), reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '~',
      textBlock =
          """
          {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {}} @ a post_processor that does not put tokens of the vocabulary around a text.
          {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B", "type_id": 0}}], "pair": [], "special_tokens": {}} @ a post_processor whose template has the text 0 times, but must have it once.
          {"type": "BertProcessing", "sep": ["a", 4096], "cls": ["b", 2]} @ a post_processor that does not put tokens
          {"type": "Unheard"} @ a post_processor that does not put tokens
          """)
  void postProcessorsThatEndTheProcessAreRefused(String postProcessor, String reason) {
    assertRefused("post_processor", postProcessor, reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"continuing_subword_prefix", "end_of_word_suffix"})
  void affixesAreRefused(String affix) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.withObject("/model").put(affix, "##");
    assertRefused(json, "a model with %s, which byte-level BPE does not have.".formatted(affix));
  }

  @Test
  void addedTokensThatEndTheProcessAreRefused() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set(
        "normalizer", tree("{\"type\": \"Strip\", \"strip_left\": true, \"strip_right\": true}"));
    ObjectNode added = json.withArray("/added_tokens").addObject();
    added.put("id", 4096).put("content", "  ").put("normalized", true).put("special", false);
    added.put("single_word", false).put("lstrip", false).put("rstrip", false);
    assertRefused(json, "the added token \"  \", of which its normalizer leaves nothing.");
    added.put("content", "x".repeat(1_001));
    assertRefused(json, "an added token of 1001 characters, but one may have at most 1000.");
  }

  @Test
  void whatTheLibraryWouldOnlyReadIsNotGivenToIt() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set("decoder", tree("{\"type\": \"Unheard\"}"));
    json.set("padding", tree("{\"strategy\": {\"Fixed\": 1000000000}}"));
    json.set("truncation", tree("{\"max_length\": -1}"));
    json.set(
        "post_processor",
        tree("{\"type\": \"RobertaProcessing\", \"sep\": [\"c\", 7], \"cls\": [\"d\", 8]}"));
    try (Gpt2Tokenizer tokenizer = load(json)) {
      assertThat(tokenizer.tokenize("a", true).ids()).containsExactly(8, 64, 7);
      assertThat(tokenizer.tokenize("a", true).offsets()).containsExactly(0, 0, 1);
      assertThat(tokenizer.tokenize("a", false).ids()).containsExactly(64);
    }
  }

  @Test
  void theInnermostTokensComeFromTheFirstOfSeveralPostProcessors() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set(
        "post_processor",
        tree(
            """
            {"type": "Sequence", "processors": [{"type": "ByteLevel"},
              {"type": "BertProcessing", "sep": ["c", 7], "cls": ["d", 8]},
              {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
               "pair": [], "special_tokens": {"x": {"id": "x", "ids": [5, 6], "tokens": ["x", "y"]}}}]}
            """));
    try (Gpt2Tokenizer tokenizer = load(json)) {
      assertThat(tokenizer.tokenize("a", true).ids()).containsExactly(5, 6, 8, 64, 7);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"NFC\"}",
        "{\"type\": \"NFD\"}",
        "{\"type\": \"NFKC\"}",
        "{\"type\": \"NFKD\"}",
        "{\"type\": \"Lowercase\"}",
        "{\"type\": \"Strip\", \"strip_left\": true, \"strip_right\": true}",
        "{\"type\": \"StripAccents\"}",
        "{\"type\": \"Nmt\"}",
        "{\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": true,"
            + " \"strip_accents\": null, \"lowercase\": true}",
        "{\"type\": \"Prepend\", \"prepend\": \"x\"}",
        "{\"type\": \"Replace\", \"pattern\": {\"String\": \"e\"}, \"content\": \"\"}",
        "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \" ?[a-z]+|\\\\p{M}\"}, \"content\": \"é\"}"
      })
  void everyNormalizerBearsEveryText(String normalizer) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set("normalizer", tree(normalizer));
    assertBearsTexts(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"Digits\", \"individual_digits\": true}",
        "{\"type\": \"Punctuation\", \"behavior\": \"Isolated\"}",
        "{\"type\": \"Whitespace\"}",
        "{\"type\": \"WhitespaceSplit\"}",
        "{\"type\": \"BertPreTokenizer\"}",
        "{\"type\": \"UnicodeScripts\"}",
        "{\"type\": \"CharDelimiterSplit\", \"delimiter\": \"e\"}",
        "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": \"always\","
            + " \"split\": true}",
        "{\"type\": \"Split\", \"pattern\": {\"String\": \"e\"}, \"behavior\": \"Removed\","
            + " \"invert\": false}"
      })
  void everyPreTokenizerBearsEveryText(String preTokenizer) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set(
        "pre_tokenizer",
        tree(
            "{\"type\": \"Sequence\", \"pretokenizers\": [%s, %s]}"
                .formatted(preTokenizer, BYTE_LEVEL.formatted(false))));
    assertBearsTexts(json);
  }

  /** The longest that they are read in, at places where patterns go back. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^a-y ]+"
      })
  void knownPatternsBearTheLongestTexts(String regex) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    ObjectNode sequence =
        tree(
            "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\"},"
                + " \"behavior\": \"Isolated\", \"invert\": false}, %s]}"
                    .formatted(BYTE_LEVEL.formatted(false)));
    sequence.withArray("/pretokenizers").get(0).withObject("/pattern").put("Regex", regex);
    json.set("pre_tokenizer", sequence);
    try (Gpt2Tokenizer tokenizer = load(json)) {
      for (String unit : List.of("A", " ", "\n ", "ʰA", "中", "!", "Aa", "'")) {
        String text = unit.repeat((1 << 18) / unit.length());
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        assertThat(tokenizer.decode(tokenizer.encode(text + "x"))).isEqualTo(text + "x");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ",
        "\\s+",
        " ?\\p{L}+",
        "[^\\s]+|\\s+",
        "\\d{1,3}",
        "\\.",
        "[一-龥ぁ-ゟ]+",
        "ab?c+|d"
      })
  void patternsThatNeverGoBackAreSafe(String regex) {
    assertThat(SafePatterns.contain(regex)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a*",
        "a?",
        "a+b",
        "a+a+",
        "(a)",
        "(?=a)",
        "a??",
        "a++",
        "a?b?c",
        "^a",
        "a$",
        ".",
        "a|",
        "a{0,3}",
        "a{1,3}b",
        "[[:alpha:]]",
        "[a&&b]",
        "\\1",
        "\\Ga",
        "\\K",
        "a|b*",
        "a{1000}"
      })
  void whatMayGoBackIsNot(String regex) {
    assertThat(SafePatterns.contain(regex)).isFalse();
  }

  private void assertBearsTexts(ObjectNode json) {
    RandomTexts texts = new RandomTexts(12);
    try (Gpt2Tokenizer tokenizer = load(json)) {
      for (int i = 0; i < 300; i++) {
        TokenizedText text = tokenizer.tokenize(texts.next(40), true);
        assertThat(text.offsets()).hasSameSizeAs(text.ids());
      }
      for (String awkward : List.of("", " ", "e", "ee", "\ufdfa", "\u0130", "\u1e9b\u0323", "\0")) {
        tokenizer.tokenize(awkward.repeat(500), true);
      }
    }
  }

  private void assertRefused(String field, String value, String reason) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.set(field, tree(value));
    assertRefused(json, reason);
  }

  private void assertRefused(ObjectNode json, String reason) {
    assertThatExceptionOfType(TokenizerLoadException.class)
        .isThrownBy(() -> load(json))
        .withMessageStartingWith(path.resolve("tokenizer.json") + " has ")
        .withMessageContaining(reason);
  }

  private Gpt2Tokenizer load(ObjectNode json) {
    return new TokenizerFolder(path).write("tokenizer.json", json.toString()).load();
  }

  private static ObjectNode tree(String json) {
    return (ObjectNode) JsonMapper.shared().readTree(json);
  }
}
