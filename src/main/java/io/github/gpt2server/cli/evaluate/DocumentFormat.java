package io.github.gpt2server.cli.evaluate;

import java.util.Locale;

/** What a file of texts looks like. */
enum DocumentFormat {
  /** The whole file is one text. */
  TEXT,
  /** Each line is a text. */
  LINES,
  /** Each line is a JSON object with a text in one of its fields. */
  JSONL;

  /** What a file's name says, or {@code plain} if it says nothing. */
  static DocumentFormat of(String file, DocumentFormat plain) {
    String name = file.toLowerCase(Locale.ROOT);
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSONL : plain;
  }

  /** As an option writes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
