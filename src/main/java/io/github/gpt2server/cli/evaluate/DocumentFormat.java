package io.github.gpt2server.cli.evaluate;

import java.util.Locale;

/** The format of a file of texts. */
enum DocumentFormat {
  /** The whole file is one text. */
  TEXT,
  /** Each line is a text. */
  LINES,
  /** Each line is a JSON object with a text in one of its fields. */
  JSONL;

  /** The format by a file's extension, or {@code plain}. */
  static DocumentFormat of(String file, DocumentFormat plain) {
    String name = file.toLowerCase(Locale.ROOT);
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSONL : plain;
  }

  /** The value of the option. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
