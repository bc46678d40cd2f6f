package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.openai.structured.StructuredFields;

/** The fields that requests for completions and for chats share, as sent: each may be null. */
public interface GenerationFields {
  String model();

  Integer n();

  Long seed();

  Integer truncatePromptTokens();

  String cacheSalt();

  /** Never null. */
  SamplingFields sampling();

  /** Never null. */
  StoppingFields stopping();

  /** Never null. */
  ReportFields report();

  /** Never null. */
  StructuredFields structured();
}
