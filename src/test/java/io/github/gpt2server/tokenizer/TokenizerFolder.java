package io.github.gpt2server.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A folder in which a test makes a tokenizer of the embedded one's files. */
final class TokenizerFolder {
  static final Path EMBEDDED = Path.of("models/gpt2-fairytales");

  private final Path path;

  TokenizerFolder(Path path) {
    this.path = path;
  }

  /** Copies files of the embedded model. */
  TokenizerFolder copy(String... names) {
    for (String name : names) {
      write(name, content(name));
    }
    return this;
  }

  TokenizerFolder write(String name, String content) {
    try {
      Files.writeString(path.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  Gpt2Tokenizer load() {
    return Gpt2Tokenizer.load(path);
  }

  static String content(String name) {
    try {
      return Files.readString(EMBEDDED.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ObjectNode json(String name) {
    return (ObjectNode) JsonMapper.shared().readTree(content(name));
  }
}
