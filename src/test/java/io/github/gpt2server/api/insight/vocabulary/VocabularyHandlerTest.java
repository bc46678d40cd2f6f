package io.github.gpt2server.api.insight.vocabulary;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.Gpt2Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GPT-2's own vocabulary, which has tokens of half a character. */
class VocabularyHandlerTest {
  @TempDir private static Path folder;
  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    Gpt2Vocabulary.write(folder);
    tokenizer = Gpt2Tokenizer.load(folder);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aTokenOfHalfACharacterIsFoundByWhatItHolds() {
    VocabularyResponse found = search(" ", "", 50_257);

    assertThat(found.tokens())
        .filteredOn(token -> token.id() == 564)
        .singleElement()
        .satisfies(
            token -> {
              assertThat(token.token()).isEqualTo("bytes:\\x20\\xe2\\x80");
              assertThat(token.bytes()).containsExactly(0x20, 0xe2, 0x80);
            });
    assertThat(search("", "bytes:", 10).total()).isZero();
  }

  @Test
  void bothConditionsHoldTogether() {
    assertThat(texts(search(" king", "s", 100)))
        .contains(" kings")
        .allMatch(text -> text.startsWith(" king") && text.contains("s"));
    assertThat(texts(search("", "é", 100))).contains("é").allMatch(text -> text.contains("é"));
  }

  @Test
  void theFirstIdsAreReportedAndAllCounted() {
    VocabularyResponse found = search("", "", 3);
    assertThat(found.tokens()).extracting(VocabularyResponse.Token::id).containsExactly(0, 1, 2);
    assertThat(found.total()).isEqualTo(50_257);
  }

  private static List<String> texts(VocabularyResponse found) {
    return found.tokens().stream().map(VocabularyResponse.Token::token).toList();
  }

  private static VocabularyResponse search(String prefix, String contains, int limit) {
    return new VocabularyHandler(tokenizer)
        .search(
            new VocabularySpec(
                prefix.getBytes(StandardCharsets.UTF_8),
                contains.getBytes(StandardCharsets.UTF_8),
                limit));
  }
}
