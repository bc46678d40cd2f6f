package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class SpecialTokensTest {
  private static final String ROLES =
      "'bos_token':'<s>','eos_token':'</s>','unk_token':'<unk>','pad_token':'<pad>'";

  @TempDir Path path;

  /** A vocabulary without end-of-text, but with special tokens at its end, from 4095 on. */
  private TokenizerFolder foreign(String... special) {
    ObjectNode vocabulary = TokenizerFolder.json("vocab.json");
    vocabulary.remove("<|endoftext|>");
    for (int i = 0; i < special.length; i++) {
      vocabulary.put(special[i], 4095 + i);
    }
    return new TokenizerFolder(path).copy("merges.txt").write("vocab.json", vocabulary.toString());
  }

  private static String json(String fields) {
    return "{" + fields.replace('\'', '"') + "}";
  }

  @ParameterizedTest
  @ValueSource(strings = {"special_tokens_map.json", "tokenizer_config.json"})
  void haveTheirRolesFromEitherFile(String file) {
    TokenizerFolder folder =
        foreign("<s>", "</s>", "<unk>", "<pad>", "<sep>").write(file, json(ROLES));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.encode("<s>a</s>")).containsExactly(4095, 64, 4096);
      assertThat(tokenizer.encode("a<pad><unk>")).containsExactly(64, 4098, 4097);
      assertThat(tokenizer.encode("<sep>")).doesNotContain(4099);
      assertThat(tokenizer.beginning()).hasValue(4095);
      assertThat(tokenizer.endOfText()).hasValue(4096);
      assertThat(tokenizer.unknown()).hasValue(4097);
      assertThat(tokenizer.special(4098)).isTrue();
      assertThat(tokenizer.special(4099)).isFalse();
      assertThat(tokenizer.special(64)).isFalse();
      assertThat(tokenizer.decode(4095, 64, 4096)).isEqualTo("<s>a</s>");
    }
  }

  @Test
  void mayBeObjectsAndMayHaveNoRole() {
    TokenizerFolder folder =
        foreign("<s>", "<mask>", "<sys>", "<usr>")
            .write(
                "special_tokens_map.json",
                json(
                    "'bos_token':{'content':'<s>','lstrip':false},'eos_token':null,"
                        + "'mask_token':{'content':'<mask>','lstrip':true},"
                        + "'additional_special_tokens':['<sys>',{'content':'<usr>','rstrip':true}]"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.encode("a <mask>a")).containsExactly(64, 4096, 64);
      assertThat(tokenizer.encode("<sys><usr>  a")).containsExactly(4097, 4098, 64);
      assertThat(tokenizer.special(4098)).isTrue();
      assertThat(tokenizer.endOfText()).isEmpty();
      assertThat(tokenizer.beginning()).hasValue(4095);
    }
  }

  /** As transformers has it. */
  @ParameterizedTest
  @CsvSource({"false, 4095", "true, 4096"})
  void ofTheOlderFileWinUnlessTheNewerOneListsTokens(boolean lists, int expected) {
    TokenizerFolder folder =
        foreign("<old>", "<new>")
            .write("special_tokens_map.json", json("'eos_token':'<old>'"))
            .write(
                "tokenizer_config.json",
                json((lists ? "'added_tokens_decoder':{}," : "") + "'eos_token':'<new>'"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.endOfText()).hasValue(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"4098, true", "4096, false"})
  void withoutAnIdGetTheNextOneThatTheModelHas(int vocabSize, boolean there) {
    TokenizerFolder folder =
        new TokenizerFolder(path)
            .copy("vocab.json", "merges.txt")
            .write("config.json", json("'vocab_size':" + vocabSize))
            .write("special_tokens_map.json", json("'pad_token':'[PAD]','sep_token':'[SEP]'"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.vocabSize()).isEqualTo(vocabSize);
      if (there) {
        assertThat(tokenizer.encode("[SEP][PAD]")).containsExactly(4096, 4097);
      } else {
        assertThat(tokenizer.decode(tokenizer.encode("[SEP]"))).isEqualTo("[SEP]");
      }
      assertThat(tokenizer.special(4096 % vocabSize)).isEqualTo(there);
    }
  }

  @Test
  void becomeSpecialWhereTokenizerJsonHasThemAsOrdinaryAddedTokens() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    json.withArray("/added_tokens")
        .addObject()
        .put("id", 4096)
        .put("content", "<sep>")
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", true)
        .put("special", false);
    TokenizerFolder folder = new TokenizerFolder(path).write("tokenizer.json", json.toString());
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.special(4096)).isFalse();
      assertThat(tokenizer.special(4095)).isTrue();
    }
    folder.write("special_tokens_map.json", json("'sep_token':'<sep>'"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.special(4096)).isTrue();
      assertThat(tokenizer.encode("a<sep>")).containsExactly(64, 4096);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "{}", "[]", "{'content':3}"})
  void mustBeNamed(String value) {
    TokenizerFolder folder = foreign("<s>");
    folder.write("special_tokens_map.json", json("'eos_token':" + value));
    assertThatExceptionOfType(TokenizerLoadException.class)
        .isThrownBy(folder::load)
        .withMessage(
            "%s has a eos_token that is neither a string nor an object with content.",
            path.resolve("special_tokens_map.json"));
  }

  /** Which token stands before a text and which ends it, from all files that may say so. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      nullValues = "-",
      value = {
        // config.json | generation_config.json | roles | beginning | end
        "'bos_token_id':7,'eos_token_id':8 | - | - | 7 | 8",
        "'eos_token_id':[8,9] | - | - | 8 | 8",
        "'eos_token_id':[99999,9] | - | - | 9 | 9",
        "'eos_token_id':null | 'eos_token_id':8 | - | 8 | 8",
        "'eos_token_id':9 | 'eos_token_id':[8] | - | 8 | 8",
        "'eos_token_id':null,'bos_token_id':null | - | - | - | -",
        "'eos_token_id':null | - | - | - | -",
        "- | - | - | - | -",
        // An ordinary word that config.json names gives way to a special token.
        "'bos_token_id':7,'eos_token_id':8 | - | 'bos_token':'<s>','eos_token':'</s>' | 4095 | 4096",
        "'bos_token_id':7,'eos_token_id':8 | - | 'eos_token':'</s>' | 7 | 4096",
        // A special one does not.
        "'bos_token_id':4095 | - | 'eos_token':'</s>','pad_token':'<s>' | 4095 | 4096"
      })
  void theEndsOfATextComeFromTheModelsFilesToo(
      String config, String generation, String roles, String beginning, String end) {
    TokenizerFolder folder =
        foreign("<s>", "</s>")
            .write("config.json", json("'vocab_size':4097" + (config == null ? "" : "," + config)));
    if (generation != null) {
      folder.write("generation_config.json", json(generation));
    }
    if (roles != null) {
      folder.write("tokenizer_config.json", json(roles));
    }
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.beginning().isPresent() ? tokenizer.beginning().getAsInt() : null)
          .isEqualTo(beginning == null ? null : Integer.valueOf(beginning));
      assertThat(tokenizer.endOfText().isPresent() ? tokenizer.endOfText().getAsInt() : null)
          .isEqualTo(end == null ? null : Integer.valueOf(end));
      assertThat(tokenizer.special(7)).isFalse();
    }
  }

  /** The default of transformers, where the vocabulary is as large as GPT-2's. */
  @Test
  void theDefaultEndIsThatOfGpt2() {
    TokenizerFolder folder =
        foreign().write("config.json", json("'vocab_size':50257,'bos_token_id':null"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.endOfText()).hasValue(50256);
      assertThat(tokenizer.beginning()).hasValue(50256);
    }
  }

  @Test
  void mayStandAroundEveryText() {
    ObjectNode json = TokenizerFolder.json("tokenizer.json");
    ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
    template
        .putArray("single")
        .addObject()
        .putObject("SpecialToken")
        .put("id", "<|endoftext|>")
        .put("type_id", 0);
    template
        .withArray("/single")
        .addObject()
        .putObject("Sequence")
        .put("id", "A")
        .put("type_id", 0);
    template.putArray("pair");
    ObjectNode token =
        template.putObject("special_tokens").putObject("<|endoftext|>").put("id", "<|endoftext|>");
    token.putArray("ids").add(4095);
    token.putArray("tokens").add("<|endoftext|>");
    TokenizerFolder folder = new TokenizerFolder(path).write("tokenizer.json", json.toString());
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.encode("a")).containsExactly(64);
      assertThat(tokenizer.tokenize("a", false).ids()).containsExactly(64);
      TokenizedText text = tokenizer.tokenize("a the", true);
      assertThat(text.ids()).startsWith(4095, 64).hasSize(3);
      assertThat(text.offsets()).containsExactly(0, 0, 1);
      assertThat(tokenizer.tokenize("", true).ids()).containsExactly(4095);
    }
    // The configuration's fields are for tokenizers made of separate files.
    folder.write("tokenizer_config.json", json("'add_bos_token':false,'add_eos_token':true"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.tokenize("a", true).ids()).containsExactly(4095, 64);
    }
  }

  /** The switch of transformers for texts that nobody vouches for. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void areTextIfTheConfigurationSaysSo(boolean single) {
    TokenizerFolder folder = new TokenizerFolder(path);
    folder.copy(
        single ? new String[] {"tokenizer.json"} : new String[] {"vocab.json", "merges.txt"});
    folder.write(
        "tokenizer_config.json",
        json("'split_special_tokens':true,'bos_token':'<|endoftext|>','add_bos_token':true"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      int[] ids = tokenizer.encode("a<|endoftext|>");
      assertThat(ids).hasSizeGreaterThan(2).startsWith(64).doesNotContain(4095);
      assertThat(tokenizer.decode(ids)).isEqualTo("a<|endoftext|>");
      assertThat(tokenizer.beginning()).hasValue(4095);
      assertThat(tokenizer.endOfText()).hasValue(4095);
      assertThat(tokenizer.special(4095)).isTrue();
      assertThat(tokenizer.tokenize("a", true).ids())
          .isEqualTo(single ? new int[] {64} : new int[] {4095, 64});
    }
  }

  @Test
  void ofSeparateFilesStandAroundATextIfTheConfigurationSaysSo() {
    TokenizerFolder folder =
        foreign("<s>", "</s>")
            .write(
                "tokenizer_config.json",
                json(ROLES + ",'add_bos_token':true,'add_eos_token':true"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      TokenizedText text = tokenizer.tokenize("aé", true);
      assertThat(text.ids()).startsWith(4095, 64).endsWith(4096);
      assertThat(text.offsets()).startsWith(0, 0, 1).endsWith(2);
      assertThat(tokenizer.tokenize("a", false).ids()).containsExactly(64);
    }
    folder.write("tokenizer_config.json", json(ROLES + ",'add_bos_token':false"));
    try (Gpt2Tokenizer tokenizer = folder.load()) {
      assertThat(tokenizer.tokenize("a", true).ids()).containsExactly(64);
    }
  }
}
