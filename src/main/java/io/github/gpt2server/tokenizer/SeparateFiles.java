package io.github.gpt2server.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The older layout of a GPT-2 tokenizer: {@code vocab.json} and {@code merges.txt}. Turned into the
 * {@code tokenizer.json} that means the same.
 */
final class SeparateFiles {

  static final String VOCABULARY = "vocab.json";

  private static final String MERGES = "merges.txt";

  private SeparateFiles() {}

  /**
   * The definition that the files make up together.
   *
   * @throws TokenizerLoadException if one is missing or malformed
   */
  static ObjectNode read(Path folder) {
    Path vocabularyFile = folder.resolve(VOCABULARY);
    Path mergesFile = folder.resolve(MERGES);
    if (!Files.exists(vocabularyFile)) {
      throw new TokenizerLoadException(
          folder + " has neither tokenizer.json nor vocab.json with merges.txt.");
    }
    if (!Files.exists(mergesFile)) {
      throw new TokenizerLoadException(
          folder + " has vocab.json but neither merges.txt nor tokenizer.json.");
    }
    ObjectNode json = JsonFile.object();
    json.put("version", "1.0");
    json.putArray("added_tokens");
    json.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = json.putObject("model").put("type", "BPE");
    model.set("vocab", JsonFile.read(vocabularyFile));
    readMerges(mergesFile, model.putArray("merges"));
    return json;
  }

  private static void readMerges(Path file, ArrayNode merges) {
    List<String> lines;
    try {
      lines =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(JsonFile.readBytes(file)))
              .toString()
              .lines()
              .toList();
    } catch (CharacterCodingException notUtf8) {
      throw new TokenizerLoadException(file + " is not UTF-8.", notUtf8);
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = i == 0 ? withoutByteOrderMark(lines.get(i)) : lines.get(i);
      if (line.isEmpty() || line.startsWith("#version")) {
        continue;
      }
      String[] pair = line.split(" ", -1);
      if (pair.length != 2 || pair[0].isEmpty() || pair[1].isEmpty()) {
        throw new TokenizerLoadException(
            "%s: line %d is not two tokens with one space between them.".formatted(file, i + 1));
      }
      merges.addArray().add(pair[0]).add(pair[1]);
    }
  }

  private static String withoutByteOrderMark(String line) {
    return line.startsWith("\ufeff") ? line.substring(1) : line;
  }
}
