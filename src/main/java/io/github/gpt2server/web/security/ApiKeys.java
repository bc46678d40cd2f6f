package io.github.gpt2server.web.security;

import static java.util.stream.Collectors.toSet;

import io.github.gpt2server.web.Caller;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

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

  /** The names of all keys that have one. */
  public Set<String> names() {
    return all().map(ApiKey::name).filter(name -> !name.equals(Caller.UNNAMED)).collect(toSet());
  }

  /** The {@link Caller#client} of every key. */
  public Set<String> clients() {
    return all().map(ApiKey::identity).collect(toSet());
  }

  /** The key that a client sends; looks at all of them, whichever it is. */
  Optional<ApiKey> find(String sent) {
    ApiKey given = ApiKey.sent(sent);
    ApiKey found = null;
    for (ApiKey key : all().toList()) {
      if (key.equals(given)) {
        found = key;
      }
    }
    return Optional.ofNullable(found);
  }

  private Stream<ApiKey> all() {
    return Stream.concat(fixed.stream(), file.map(ApiKeyFile::keys).orElse(List.of()).stream());
  }
}
