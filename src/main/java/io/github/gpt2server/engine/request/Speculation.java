package io.github.gpt2server.engine.request;

import java.util.Locale;

/** The source of draft tokens for speculative decoding. No text depends on it. */
public enum Speculation {
  /** No speculation: each step generates one token of each sequence. */
  OFF,
  /** Prompt lookup: what followed the same tokens earlier in prompt and text, where that pays. */
  NGRAM;

  /** The value of the setting, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
