package io.github.gpt2server.text;

import java.util.UUID;

/** Identifiers of requests and answers. */
public final class RandomId {
  private RandomId() {}

  /** Returns {@code prefix}, which names the kind, followed by 32 random hexadecimal digits. */
  public static String of(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }
}
