package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.console.JsonText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.io.input.BOMInputStream;
import tools.jackson.databind.JsonNode;

/**
 * Reader of texts from files. It reads all of them before anything is computed, so that an error in
 * the last line is reported at once.
 */
final class DocumentReader {
  private static final String STANDARD_INPUT = "-";

  private final InputStream standardInput;
  private final DocumentFormat format;
  private final DocumentFormat plain;
  private final String field;
  private final long limit;

  /**
   * @param format the format of all files, or null to decide by their names
   * @param plain the format of files whose name does not decide
   * @param field the field of a JSON line that holds the text
   * @param limit the largest number of documents to read
   */
  DocumentReader(
      InputStream standardInput,
      DocumentFormat format,
      DocumentFormat plain,
      String field,
      long limit) {
    this.standardInput = standardInput;
    this.format = format;
    this.plain = plain;
    this.field = field;
    this.limit = limit;
  }

  /**
   * Reads the documents of all files in their order.
   *
   * @param files names of files; {@code -} stands for standard input
   * @throws CommandException if one cannot be read
   */
  List<Document> read(List<String> files) {
    List<Document> documents = new ArrayList<>();
    for (String file : files) {
      String name = file.equals(STANDARD_INPUT) ? "standard input" : file;
      try (Reader reader = open(file)) {
        read(name, format == null ? DocumentFormat.of(file, plain) : format, reader, documents);
      } catch (CharacterCodingException e) {
        throw new CommandException(name + " is not UTF-8 text.", e);
      } catch (NoSuchFileException e) {
        throw new CommandException("There is no file " + name + ".", e);
      } catch (IOException | InvalidPathException e) {
        throw new CommandException("%s cannot be read (%s).".formatted(name, e.getMessage()), e);
      }
    }
    return documents;
  }

  private Reader open(String file) throws IOException {
    InputStream bytes =
        file.equals(STANDARD_INPUT) ? standardInput : Files.newInputStream(Path.of(file));
    // A new decoder reports malformed UTF-8, where a reader with a charset replaces it.
    return new InputStreamReader(
        BOMInputStream.builder().setInputStream(bytes).get(), StandardCharsets.UTF_8.newDecoder());
  }

  private void read(String name, DocumentFormat format, Reader reader, List<Document> documents)
      throws IOException {
    if (documents.size() >= limit) {
      return;
    }
    if (format == DocumentFormat.TEXT) {
      StringWriter text = new StringWriter();
      reader.transferTo(text);
      documents.add(new Document(name, text.toString()));
      return;
    }
    BufferedReader lines = new BufferedReader(reader);
    long number = 0;
    for (String line = lines.readLine();
        line != null && documents.size() < limit;
        line = lines.readLine()) {
      number++;
      String place = name + ", line " + number;
      documents.add(new Document(place, format == DocumentFormat.JSONL ? text(place, line) : line));
    }
  }

  private String text(String place, String line) {
    if (line.isBlank()) {
      return "";
    }
    JsonNode json = JsonText.parse(place, line);
    if (!json.isObject()) {
      throw new CommandException(place + " is not a JSON object.");
    }
    JsonNode text = json.get(field);
    if (text == null) {
      throw new CommandException(
          "%s has no field \"%s\", but %s: set --field to the one that holds the text."
              .formatted(place, field, json.isEmpty() ? "none at all" : names(json)));
    }
    if (!text.isString()) {
      throw new CommandException("%s has a \"%s\" that is not a string.".formatted(place, field));
    }
    return text.stringValue();
  }

  private static String names(JsonNode json) {
    return String.join(", ", json.propertyNames().stream().map(name -> '"' + name + '"').toList());
  }
}
