package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(OutputCaptureExtension.class)
class TokenizerFilesTest {

  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");

  @TempDir Path folder;

  @Test
  void separateFilesGiveTheSameIds() throws IOException {
    copy("vocab.json", "merges.txt");
    try (Gpt2Tokenizer single = Gpt2Tokenizer.load(EMBEDDED);
        Gpt2Tokenizer separate = Gpt2Tokenizer.load(folder)) {
      assertThat(separate.vocabSize()).isEqualTo(single.vocabSize());
      assertThat(separate.endOfText()).isEqualTo(single.endOfText());
      for (GoldenTokens.Example example : GoldenTokens.read()) {
        assertThat(separate.encode(example.text())).isEqualTo(example.tokens());
      }
      RandomTexts texts = new RandomTexts(5);
      for (int i = 0; i < 2_000; i++) {
        String text = texts.next(60);
        assertThat(separate.encode(text)).isEqualTo(single.encode(text));
      }
    }
  }

  @Test
  void idsThatOnlyTheConfigurationCountsHaveNoBytes() throws IOException {
    copy("tokenizer.json");
    write("config.json", "{\"vocab_size\": 4100}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(4100);
      assertThat(tokenizer.bytes(4099)).isEmpty();
      assertThat(tokenizer.token(4099)).isEqualTo("token_id:4099");
      assertThat(tokenizer.decode(64, 4099, 64)).isEqualTo("aa");
      assertThat(tokenizer.offsets(64, 4099, 64, 4099)).isEqualTo(new int[] {0, 1, 1, 2});
      assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.decode(4100));
    }
  }

  @Test
  void ignoresTruncationAndPaddingInTheFile() throws IOException {
    ObjectNode json = embedded();
    json.putObject("truncation")
        .put("direction", "Right")
        .put("max_length", 4)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    json.putObject("padding")
        .put("direction", "Right")
        .put("pad_id", 4095)
        .put("pad_type_id", 0)
        .put("pad_token", "<|endoftext|>")
        .putNull("pad_to_multiple_of")
        .putObject("strategy")
        .put("Fixed", 9);
    write("tokenizer.json", json.toString());
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.decode(tokenizer.encode("a b c d e f g"))).isEqualTo("a b c d e f g");
      assertThat(tokenizer.encode("a")).containsExactly(64);
    }
  }

  @Test
  void findsEndOfTextThatOnlyTheVocabularyHas() throws IOException {
    ObjectNode json = embedded();
    json.remove("added_tokens");
    write("tokenizer.json", json.toString());
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.endOfText()).hasValue(4095);
      assertThat(tokenizer.encode("a<|endoftext|>")).containsExactly(64, 4095);
    }
  }

  @Test
  void noTwoIdsShareAName() throws IOException {
    copy("vocab.json", "merges.txt");
    write("config.json", "{\"vocab_size\": 4100}");
    write("added_tokens.json", "{\" the\": 4096}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.encode(" the")).containsExactly(4096);
      assertThat(tokenizer.decode(4096)).isEqualTo(" the");
      assertThat(tokenizer.token(4096)).isEqualTo("token_id:4096");
    }
  }

  @Test
  void addedTokensStandForTheirText() throws IOException {
    copy("vocab.json", "merges.txt");
    write("added_tokens.json", "{\"<|déjà vu|>\": 4096}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.encode("a<|déjà vu|>a")).containsExactly(64, 4096, 64);
      assertThat(tokenizer.decode(64, 4096, 64)).isEqualTo("a<|déjà vu|>a");
    }
  }

  @Test
  void refusesATextThatASmallVocabularyCannotHold() throws IOException {
    write("vocab.json", "{\"a\": 0, \"b\": 1, \"ab\": 2, \"<|endoftext|>\": 3}");
    write("merges.txt", "#version: 0.2\na b\n");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.encode("abba<|endoftext|>")).containsExactly(2, 1, 0, 3);
      assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.encode("abc"));
    }
  }

  @Test
  void anotherEndOfTextComesFromTheConfiguration() throws IOException {
    write("vocab.json", "{\"a\": 0, \"b\": 1}");
    write("merges.txt", "");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.endOfText()).isEmpty();
      assertThat(tokenizer.beginning()).isEmpty();
    }
    write("config.json", "{\"vocab_size\": 2, \"eos_token_id\": 1}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.endOfText()).hasValue(1);
    }
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    assertRefused("neither tokenizer.json nor vocab.json with merges.txt");
    copy("vocab.json");
    assertRefused("merges.txt");
    assertThatExceptionOfType(TokenizerLoadException.class)
        .isThrownBy(() -> Gpt2Tokenizer.load(folder.resolve("nowhere")))
        .withMessageContaining("nowhere is not a folder");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "vocab.json",
        "merges.txt",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "config.json",
        "generation_config.json"
      })
  void refusesWhatIsNoRegularFile(String name) throws IOException {
    for (String file : new String[] {"vocab.json", "merges.txt"}) {
      if (!file.equals(name)) {
        copy(file);
      }
    }
    Files.createDirectory(folder.resolve(name));
    assertRefused(name + " is a folder, not a file.");
  }

  @Test
  void idsBeyondTheModelsAreRefusedBeforeAnythingIsLaidOutByThem() throws IOException {
    ObjectNode json = embedded();
    json.withObject("/model").withObject("vocab").put("far", 16_000_000);
    write("tokenizer.json", json.toString());
    assertRefused(
        "tokenizer.json has tokens with ids up to 16000000, but without vocab_size in "
            + folder.resolve("config.json")
            + " they must be below 1048576.");
    write("config.json", "{\"vocab_size\": 4096}");
    assertRefused(
        "tokenizer.json has tokens with ids up to 16000000, but "
            + folder.resolve("config.json")
            + " has vocab_size 4096: they belong to different models.");
  }

  @Test
  void millionsOfIdsWithoutATokenTakeNoNames() throws IOException {
    copy("tokenizer.json");
    write("config.json", "{\"vocab_size\": 16777215}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(16_777_215);
      assertThat(tokenizer.token(16_777_214)).isEqualTo("token_id:16777214");
    }
  }

  @Test
  void saysWhatIsWrongWithTokenizerJson() throws IOException {
    write("tokenizer.json", "");
    assertRefused("tokenizer.json is empty.");
    write("tokenizer.json", "{\"model\": ");
    assertRefused("tokenizer.json is not valid JSON at line 1");
    write("tokenizer.json", "version https://git-lfs.github.com/spec/v1\n");
    assertRefused(
        "tokenizer.json holds a Git LFS pointer instead of a tokenizer: fetch the file with git lfs"
            + " pull.");
    write("tokenizer.json", "[]");
    assertRefused("tokenizer.json does not hold a JSON object");
    write("tokenizer.json", "{}");
    assertRefused("tokenizer.json does not describe a BPE tokenizer");
    write("tokenizer.json", "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}");
    assertRefused("tokenizer.json does not describe a BPE tokenizer");
    write("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}}}");
    assertRefused("tokenizer.json gives \"a\" the number -1");
    write("tokenizer.json", "{\"model\": {\"vocab\": {\"<|endoftext|>\": 0, \"▁the\": 1}}}");
    assertRefused("\"▁the\" (id 1) is not written in GPT-2's byte alphabet");
    write("tokenizer.json", "{\"model\": {\"vocab\": {\"<|endoftext|>\": 0, \"a\": 1, \"b\": 1}}}");
    assertRefused("two tokens have the id 1");
  }

  @Test
  void saysWhatTheLibraryRefuses() throws IOException {
    ObjectNode json = embedded();
    json.withObject("/model").withArray("merges").add("a b c");
    write("tokenizer.json", json.toString());
    assertRefused("tokenizer.json is not a byte-level BPE tokenizer: ");
    copy("vocab.json");
    Files.delete(folder.resolve("tokenizer.json"));
    write("merges.txt", "#version: 0.2\nno such\n");
    assertRefused("vocab.json is not a byte-level BPE tokenizer: ");
  }

  @Test
  void saysThatSeparateFilesAreGitLfsPointers() throws IOException {
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    copy("vocab.json");
    write("merges.txt", pointer);
    assertRefused("merges.txt holds a Git LFS pointer instead of a tokenizer");
    write("vocab.json", pointer);
    assertRefused("vocab.json holds a Git LFS pointer instead of a tokenizer");
  }

  @Test
  void aByteOrderMarkAndLinesOfWindowsChangeNothing() throws IOException {
    for (String name : new String[] {"vocab.json", "merges.txt"}) {
      write(name, "\ufeff" + Files.readString(EMBEDDED.resolve(name)).replace("\n", "\r\n"));
    }
    for (String name :
        new String[] {
          "config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
        }) {
      write(name, "\ufeff{}\r\n");
    }
    try (Gpt2Tokenizer plain = Gpt2Tokenizer.load(EMBEDDED);
        Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(plain.vocabSize());
      assertThat(tokenizer.encode("Once upon a time")).isEqualTo(plain.encode("Once upon a time"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"dropout\": 0.0",
        "\"dropout\": 0",
        "\"dropout\": 0.5",
        "\"dropout\": 2",
        "\"min_frequency\": 2, \"show_progress\": true, \"initial_alphabet\": []",
        "\"unk_token\": \"<unk>\"",
        "\"unk_token\": \"\"",
        "\"continuing_subword_prefix\": \"\", \"end_of_word_suffix\": \"\""
      })
  void settingsThatOnlyTrainingNeedsChangeNothing(String settings) throws IOException {
    ObjectNode json = embedded();
    json.withObject("/model")
        .setAll((ObjectNode) JsonMapper.shared().readTree("{" + settings + "}"));
    write("tokenizer.json", json.toString());
    String text = "Once upon a time there was a wonderful kingdom";
    try (Gpt2Tokenizer plain = Gpt2Tokenizer.load(EMBEDDED);
        Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.encode(text)).isEqualTo(plain.encode(text));
    }
  }

  @Test
  void saysWhichMergeIsWrong() throws IOException {
    copy("vocab.json");
    write("merges.txt", "#version: 0.2\nt h\nthree of them\n");
    assertRefused("merges.txt: line 3 is not two tokens");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void addedTokensComeFromEveryFileThatMayListThem(boolean single) throws IOException {
    copy(single ? new String[] {"tokenizer.json"} : new String[] {"vocab.json", "merges.txt"});
    write("config.json", "{\"vocab_size\": 4300}");
    write("added_tokens.json", "{\"<|later|>\": 4200, \"<|pad|>\": 4096, \"<|mask|>\": 7}");
    write(
        "tokenizer_config.json",
        """
        {"added_tokens_decoder": {
          "4100": {"content": "<|mask|>", "lstrip": true, "special": true},
          "4095": {"content": "<|endoftext|>", "special": true}}}""");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(4300);
      assertThat(tokenizer.encode("a<|later|>a<|pad|><|endoftext|>"))
          .containsExactly(64, 4200, 64, 4096, 4095);
      // What lstrip swallows is not in the tokens.
      assertThat(tokenizer.encode("a  <|mask|>")).containsExactly(64, 4100);
      assertThat(tokenizer.decode(4200, 4100)).isEqualTo("<|later|><|mask|>");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void addedTokensThatTheModelDoesNotHaveAreText(boolean single, CapturedOutput output)
      throws IOException {
    if (single) {
      ObjectNode json = embedded();
      json.withArray("/added_tokens").addObject().put("id", 4096).put("content", "[PAD]");
      write("tokenizer.json", json.toString());
    } else {
      copy("vocab.json", "merges.txt");
      write("added_tokens.json", "{\"[PAD]\": 4096}");
    }
    write("config.json", "{\"vocab_size\": 4096}");
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(4096);
      assertThat(tokenizer.encode("[PAD]")).hasSizeGreaterThan(1).doesNotContain(4096);
      assertThat(tokenizer.decode(tokenizer.encode("[PAD]"))).isEqualTo("[PAD]");
    }
    assertThat(output)
        .contains(
            folder
                + " has 1 added tokens whose ids the model does not have (config.json: vocab_size"
                + " 4096): they are left out, \"[PAD]\" among them");
  }

  @Test
  void refusesAddedTokensThatCannotBe() throws IOException {
    copy("vocab.json", "merges.txt");
    write("added_tokens.json", "{\"<|later|>\": null}");
    assertRefused("added_tokens.json gives \"<|later|>\" no whole number");
    write("added_tokens.json", "{\"the\": 4096}");
    assertRefused("\"the\" the id 4096, but the library encodes it as");
    Files.delete(folder.resolve("added_tokens.json"));
    write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}");
    assertRefused("tokenizer_config.json has an added token \"x\"");
  }

  private void assertRefused(String reason) {
    ThrowableAssertAlternative<TokenizerLoadException> refusal =
        assertThatExceptionOfType(TokenizerLoadException.class)
            .isThrownBy(() -> Gpt2Tokenizer.load(folder));
    refusal.withMessageContaining(reason).withMessageContaining(folder.toString());
    refusal.satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private void copy(String... names) throws IOException {
    for (String name : names) {
      Files.copy(EMBEDDED.resolve(name), folder.resolve(name));
    }
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }

  private static ObjectNode embedded() throws IOException {
    return (ObjectNode)
        JsonMapper.shared().readTree(Files.readAllBytes(EMBEDDED.resolve("tokenizer.json")));
  }
}
