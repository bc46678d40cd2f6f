package io.github.gpt2server.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonObjectsTest {
  @TempDir Path folder;

  @Test
  void readsAnObject() throws IOException {
    assertThat(JsonObjects.read(file("{\"a\": [1]}"), 10).path("a").path(0).intValue())
        .isEqualTo(1);
  }

  @Test
  void readsNoMoreBytesThanAllowed() throws IOException {
    Path file = file("{\"a\": [1]}");
    assertThatExceptionOfType(UnusableFileException.class)
        .isThrownBy(() -> JsonObjects.read(file, 9))
        .withMessage(file + " has 10 bytes, but may have at most 9");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | is empty",
        "` ` | does not hold a JSON object",
        "[] | does not hold a JSON object",
        "null | does not hold a JSON object",
        "{} [] | is not valid JSON at line 1, column 4: something follows the value",
        "{x} | is not valid JSON at line 1, column 2: Unexpected character ('x' (code 120)):"
            + " was expecting double-quote to start property name",
      })
  void refusesWhatIsNoObject(String content, String sentence) {
    Path file = folder.resolve("a.json");
    assertThatExceptionOfType(UnusableFileException.class)
        .isThrownBy(() -> JsonObjects.parse(file, content.getBytes(StandardCharsets.UTF_8)))
        .withMessage(file + " " + sentence);
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("a.json"), content);
  }
}
