package io.github.gpt2server.tokenizer;

import io.github.gpt2server.files.JsonObjects;
import io.github.gpt2server.files.RegularFile;
import io.github.gpt2server.files.UnusableFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the JSON files of a tokenizer; what is wrong with one is said in one sentence. */
final class JsonFile {

  private static final JsonMapper MAPPER = JsonMapper.shared();

  /** Above every tokenizer's; a vocabulary of 250,000 tokens and its merges take 20 MB. */
  private static final int MAX_BYTES = 1 << 25;

  private static final byte[] GIT_LFS =
      "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

  private JsonFile() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @throws TokenizerLoadException if it cannot be read, is empty, or holds anything else
   */
  static ObjectNode read(Path file) {
    try {
      return JsonObjects.parse(file, readBytes(file));
    } catch (UnusableFileException unusable) {
      throw new TokenizerLoadException(unusable.getMessage() + ".", unusable);
    }
  }

  /**
   * The same, or an object without fields if there is no such file.
   *
   * @throws TokenizerLoadException as {@link #read} does
   */
  static ObjectNode readIfPresent(Path file) {
    return Files.exists(file) ? read(file) : object();
  }

  /**
   * The content of any of a tokenizer's files.
   *
   * @throws TokenizerLoadException if it cannot be read, is no regular file, is too large, or is
   *     the text file that stands for a large file in a clone made without Git LFS
   */
  static byte[] readBytes(Path file) {
    byte[] content;
    try {
      content = RegularFile.read(file, MAX_BYTES);
    } catch (UnusableFileException unusable) {
      throw new TokenizerLoadException(unusable.getMessage() + ".", unusable);
    } catch (IOException unreadable) {
      throw new TokenizerLoadException(file + " cannot be read: " + unreadable, unreadable);
    }
    if (content.length >= GIT_LFS.length
        && Arrays.equals(content, 0, GIT_LFS.length, GIT_LFS, 0, GIT_LFS.length)) {
      throw new TokenizerLoadException(
          file
              + " holds a Git LFS pointer instead of a tokenizer: fetch the file with git lfs"
              + " pull.");
    }
    return content;
  }

  /** The JSON text of an object, in UTF-8. */
  static byte[] write(ObjectNode object) {
    return MAPPER.writeValueAsBytes(object);
  }

  /** An array without items. */
  static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /** An object without fields. */
  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }
}
