package io.github.gpt2server.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.cli.console.CommandException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentReaderTest {
  @TempDir private Path folder;

  @Test
  void aFilesNameSaysItsFormat() throws IOException {
    String text = write("a.txt", "one\r\ntwo\n");
    String json = write("a.jsonl", "{\"text\": \"\u00e9\\n\"}\n\n{\"text\": \"\"}");

    assertThat(reader(null, DocumentFormat.TEXT, 9, "").read(List.of(text, json)))
        .containsExactly(
            new Document(text, "one\r\ntwo\n"),
            new Document(json + ", line 1", "\u00e9\n"),
            new Document(json + ", line 2", ""),
            new Document(json + ", line 3", ""));
    assertThat(reader(null, DocumentFormat.LINES, 9, "").read(List.of(text)))
        .containsExactly(
            new Document(text + ", line 1", "one"), new Document(text + ", line 2", "two"));
  }

  @Test
  void dropsAByteOrderMarkAtTheStartOfAFile() throws IOException {
    String text = write("a.txt", "\ufeffone\n\ufefftwo\n");
    String json = write("a.jsonl", "\ufeff{\"text\": \"a\"}\n{\"text\": \"\ufeffb\"}");

    assertThat(reader(null, DocumentFormat.TEXT, 9, "\ufeffc").read(List.of(text, json, "-")))
        .extracting(Document::text)
        .containsExactly("one\n\ufefftwo\n", "a", "\ufeffb", "c");
  }

  @Test
  void readsStandardInputAndStopsAtTheLimit() throws IOException {
    String other = write("b.ndjson", "{\"text\": \"c\"}\n{\"text\": \"d\"}\nnot looked at");

    assertThat(
            reader(DocumentFormat.JSONL, DocumentFormat.TEXT, 3, "{\"text\": \"b\"}")
                .read(List.of("-", other)))
        .extracting(Document::text)
        .containsExactly("b", "c", "d");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"text": "a    | is not JSON (Unexpected end-of-input: was expecting closing quote for a string value).
          {"text": "a"   | is not JSON (Unexpected end-of-input: expected close marker for Object).
          {"text": ["a"  | is not JSON (Unexpected end-of-input: expected close marker for Array).
          {"text": "a"}} | is not JSON (Unexpected close marker '}': no open Object to close).
          ["a"]          | is not a JSON object.
          {}             | has no field "text", but none at all: set --field to the one that holds the text.
          {"a": 1, "b":2}| has no field "text", but "a", "b": set --field to the one that holds the text.
          {"text": null} | has a "text" that is not a string.
          """)
  void aMalformedLineIsNamed(String line, String problem) throws IOException {
    String file = write("x.jsonl", "{\"text\": \"fine\"}\n" + line);
    assertThatThrownBy(() -> reader(null, DocumentFormat.TEXT, 9, "").read(List.of(file)))
        .isInstanceOf(CommandException.class)
        .hasMessage("%s, line 2 %s", file, problem);
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    String latin = folder.resolve("latin.txt").toString();
    Files.write(Path.of(latin), "\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    String missing = folder.resolve("missing").toString();

    DocumentReader reader = reader(null, DocumentFormat.TEXT, 9, "");
    assertThatThrownBy(() -> reader.read(List.of(latin))).hasMessage(latin + " is not UTF-8 text.");
    assertThatThrownBy(() -> reader.read(List.of(missing)))
        .hasMessage("There is no file " + missing + ".");
    assertThatThrownBy(() -> reader.read(List.of(folder.toString())))
        .hasMessage(folder + " cannot be read (Is a directory).");
  }

  private static DocumentReader reader(
      DocumentFormat format, DocumentFormat plain, long limit, String input) {
    return new DocumentReader(
        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
        format,
        plain,
        "text",
        limit);
  }

  private String write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content).toString();
  }
}
