package io.github.gpt2server.engine.request;

import java.util.Locale;

/** How tokens are guessed, so that one step can compute several; no text depends on it. */
public enum Speculation {
  /** Every step computes one token of each sequence. */
  OFF,
  /** By what followed the same tokens earlier in prompt and text, where that pays. */
  NGRAM;

  /** As the setting writes it, in small letters. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
