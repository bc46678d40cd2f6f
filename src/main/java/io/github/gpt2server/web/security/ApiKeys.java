package io.github.gpt2server.web.security;

import java.util.List;
import java.util.Optional;

/** The keys that clients may use: those of the settings, and those of a file. */
public final class ApiKeys {
  private final List<ApiKey> fixed;
  private final Optional<ApiKeyFile> file;

  /** Takes the keys that the file has at the moment of each question. */
  public ApiKeys(List<ApiKey> fixed, Optional<ApiKeyFile> file) {
    this.fixed = List.copyOf(fixed);
    this.file = file;
  }

  /** Returns whether clients need a key at all. */
  public boolean required() {
    return !fixed.isEmpty() || file.isPresent();
  }

  /** Returns whether the text is one of the keys; looks at all of them, whichever it is. */
  boolean know(String text) {
    ApiKey given = ApiKey.of(text);
    boolean known = false;
    for (ApiKey key : fixed) {
      known |= key.equals(given);
    }
    for (ApiKey key : file.map(ApiKeyFile::keys).orElse(List.of())) {
      known |= key.equals(given);
    }
    return known;
  }
}
