package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** Offsets are of the text that was given, whatever a tokenizer makes of it. */
class ChangedTextsTest {
  private static final String PREFIX = "{\"add_prefix_space\":true}";

  @TempDir Path path;

  private TokenizerFolder folder(boolean single) {
    TokenizerFolder folder = new TokenizerFolder(path);
    return single ? folder.copy("tokenizer.json") : folder.copy("vocab.json", "merges.txt");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSpaceIsPutBeforeATextIfTheConfigurationSaysSo(boolean single) {
    try (Gpt2Tokenizer plain = Gpt2Tokenizer.load(TokenizerFolder.EMBEDDED);
        Gpt2Tokenizer tokenizer = folder(single).write("tokenizer_config.json", PREFIX).load()) {
      assertThat(tokenizer.addsPrefixSpace()).isTrue();
      assertThat(plain.addsPrefixSpace()).isFalse();
      TokenizedText text = tokenizer.tokenize("the king", true);
      assertThat(text.ids()).isEqualTo(plain.encode(" the king"));
      assertThat(text.offsets()).containsExactly(0, 3);
      // One that begins with a space has it, and after a special token comes one more.
      assertThat(tokenizer.encode(" the king")).isEqualTo(plain.encode(" the king"));
      assertThat(tokenizer.decode(tokenizer.encode("<|endoftext|>x"))).isEqualTo("<|endoftext|> x");
      assertThat(tokenizer.tokenize("<|endoftext|>x", true).offsets()).startsWith(0, 13);
      RandomTexts texts = new RandomTexts(11);
      for (int i = 0; i < 1_000; i++) {
        String random = texts.next(20).replace("<|endoftext|>", "");
        if (random.isEmpty() || Character.isWhitespace(random.codePointAt(0))) {
          continue;
        }
        TokenizedText prefixed = tokenizer.tokenize(random, true);
        assertThat(prefixed.ids()).isEqualTo(plain.encode(" " + random));
        assertThat(prefixed.offsets())
            .as(random)
            .isEqualTo(
                Arrays.stream(plain.tokenize(" " + random, true).offsets())
                    .map(offset -> Math.max(0, offset - 1))
                    .toArray());
      }
    }
    try (Gpt2Tokenizer tokenizer =
        folder(single).write("tokenizer_config.json", "{\"add_prefix_space\":false}").load()) {
      assertThat(tokenizer.addsPrefixSpace()).isFalse();
    }
  }

  @Test
  void tokenizerJsonAloneMayPutASpaceBeforeATextToo() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.withObject("/pre_tokenizer").put("add_prefix_space", true);
    TokenizerFolder folder = new TokenizerFolder(path).write("tokenizer.json", json.toString());
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.addsPrefixSpace()).isTrue();
      assertThat(tokenizer.decode(tokenizer.encode("the"))).isEqualTo(" the");
    }
    folder.write("tokenizer_config.json", "{\"add_prefix_space\":false}");
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.decode(tokenizer.encode("the"))).isEqualTo("the");
    }
  }

  private Gpt2Tokenizer normalizing(String type) {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.putObject("normalizer").put("type", type);
    // Trimming would move a token's start past its space.
    json.putObject("post_processor")
        .put("type", "ByteLevel")
        .put("add_prefix_space", true)
        .put("trim_offsets", true)
        .put("use_regex", true);
    return new TokenizerFolder(path).write("tokenizer.json", json.toString()).load();
  }

  @Test
  void lowerCase() {
    try (Gpt2Tokenizer plain = Gpt2Tokenizer.load(TokenizerFolder.EMBEDDED);
        Gpt2Tokenizer tokenizer = normalizing("Lowercase")) {
      String sent = "The KING, 🐉 ÀÉ and THE Queen";
      TokenizedText text = tokenizer.tokenize(sent, true);
      String lower = sent.toLowerCase(Locale.ROOT);
      assertThat(text.ids()).isEqualTo(plain.encode(lower));
      assertThat(text.offsets()).isEqualTo(plain.tokenize(lower, true).offsets());
    }
  }

  @Test
  void composedCharacters() {
    try (Gpt2Tokenizer plain = Gpt2Tokenizer.load(TokenizerFolder.EMBEDDED);
        Gpt2Tokenizer tokenizer = normalizing("NFC")) {
      String sent = "cafe\u0301 the";
      TokenizedText text = tokenizer.tokenize(sent, true);
      assertThat(text.ids()).isEqualTo(plain.encode("caf\u00e9 the"));
      // " the" stands after five code points, of which NFC makes four.
      assertThat(text.offsets()).endsWith(5);
      RandomTexts texts = new RandomTexts(12);
      for (int i = 0; i < 1_000; i++) {
        String random = texts.next(20);
        TokenizedText tokens = tokenizer.tokenize(random, true);
        assertThat(plain.decode(tokens.ids()))
            .isEqualTo(Normalizer.normalize(random, Normalizer.Form.NFC));
        assertOrdered(random, tokens);
      }
    }
  }

  @Test
  void tokensThatSwallowWhiteSpace() {
    TokenizerFolder folder =
        folder(false)
            .write(
                "tokenizer_config.json",
                """
                {"added_tokens_decoder": {
                  "4096": {"content": "<mask>", "lstrip": true, "special": true}}}""");
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      TokenizedText text = tokenizer.tokenize("a <mask> the", true);
      assertThat(text.ids()).startsWith(64, 4096).hasSize(3);
      assertThat(text.offsets()).containsExactly(0, 1, 8);
    }
  }

  @Test
  void plainTextsComeBackWithTheOffsetsOfTheirBytes() {
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(TokenizerFolder.EMBEDDED)) {
      RandomTexts texts = new RandomTexts(13);
      for (int i = 0; i < 2_000; i++) {
        String text = texts.next(40);
        TokenizedText tokens = tokenizer.tokenize(text, true);
        assertThat(tokenizer.decode(tokens.ids())).isEqualTo(text);
        assertThat(tokens.offsets()).isEqualTo(tokenizer.offsets(tokens.ids()));
        assertOrdered(text, tokens);
      }
    }
  }

  private static void assertOrdered(String text, TokenizedText tokens) {
    assertThat(tokens.offsets()).hasSameSizeAs(tokens.ids());
    int before = 0;
    for (int offset : tokens.offsets()) {
      assertThat(offset).isBetween(before, text.codePointCount(0, text.length()));
      before = offset;
    }
  }

  /** What a small vocabulary can write is what its normalizer makes of a text. */
  @Test
  void aSmallVocabularyMayNormalizeWhatItCannotWrite() {
    TokenizerFolder folder =
        new TokenizerFolder(path)
            .write(
                "tokenizer.json",
                """
                {"normalizer": {"type": "Lowercase"},
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
                   "trim_offsets": true},
                 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3},
                           "merges": ["a b"]}}""");
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.encode("ABba")).containsExactly(2, 1, 0);
      assertThat(tokenizer.tokenize("ABba", true).offsets()).containsExactly(0, 2, 3);
      assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("AcB"));
      assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("é"));
      assertThat(tokenizer.vocabSize()).isEqualTo(4);
    }
  }

  /** Its model says what stands for what it cannot write. */
  @Test
  void aSmallVocabularyMayHaveATokenForWhatItCannotWrite() {
    TokenizerFolder folder =
        new TokenizerFolder(path)
            .write(
                "tokenizer.json",
                """
                {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
                   "trim_offsets": true},
                 "model": {"type": "BPE", "unk_token": "<unk>",
                           "vocab": {"a": 0, "<unk>": 1}, "merges": []}}""");
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.encode("aba")).containsExactly(0, 1, 0);
      assertThat(tokenizer.tokenize("aba", true).offsets()).containsExactly(0, 1, 2);
    }
  }
}
